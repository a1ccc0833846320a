/**
 * The detector's process: audio and control on standard input, JSON lines on standard output, until standard input closes.
 * It opens no socket and reads no file but the models.
 */
import { setPriority } from 'node:os';
import { messageOf, systemClock, TatebakoError } from '../../base/index.js';
import { ListeningRoom } from './listening/index.js';
import { loadModels, modelNames, type LoadedModels } from './model/index.js';
import {
  controlMessage,
  WireReader,
  type ControlMessage,
  type DetectorMessage,
} from './pipe/index.js';

const HEARTBEAT_MS = 1_000;
/** A model that is at one window for longer is stuck; the heart stops, and the agent starts another process. */
const IN_WINDOW_MAX_MS = 5_000;
/** Half-way to the lowest: the calls come first. */
const NICENESS = 5;

/** What the agent may leave unread: more, and it does not listen any more. About an hour of heartbeats. */
const UNREAD_BYTES_MAX = 1_000_000;

const say = (message: DetectorMessage): void => {
  if (process.stdout.writableLength > UNREAD_BYTES_MAX) process.exit(1);
  process.stdout.write(`${JSON.stringify(message)}\n`);
};

let room: ListeningRoom | null = null;

function beat(): void {
  if (room !== null && room.report.inWindowMs < IN_WINDOW_MAX_MS) {
    const { effort, legs, windows, windowsDropped, lateMs } = room.report;
    const rssBytes = process.memoryUsage.rss();
    say({ say: 'heartbeat', effort, legs, windows, windowsDropped, lateMs, rssBytes });
  }
  systemClock.after(HEARTBEAT_MS, beat);
}

async function start(order: Extract<ControlMessage, { do: 'start' }>): Promise<void> {
  let models: LoadedModels;
  try {
    models = await loadModels(order.modelsDirectory);
  } catch (cause) {
    const code = cause instanceof TatebakoError ? cause.code : 'model-refused';
    say({ say: 'refused', code, reason: messageOf(cause) });
    return;
  }
  room = new ListeningRoom({
    models,
    phrases: order.phrases,
    clock: systemClock,
    onEvent: (leg, event) => say({ say: 'heard', leg, event }),
  });
  say({ say: 'ready', models: modelNames(models) });
  beat();
}

function obey(order: ControlMessage): void {
  switch (order.do) {
    case 'start':
      void start(order);
      return;
    case 'setPhrases':
      room?.setPhrases(order.phrases);
      return;
    case 'openLeg':
      room?.open(order.leg, order.speaker);
      return;
    case 'closeLeg':
      room?.close(order.leg);
      return;
  }
}

try {
  setPriority(NICENESS);
} catch {
  // Where the system forbids it we listen at normal priority rather than not at all.
}
const reader = new WireReader();
process.stdin.on('data', (piece: Buffer) => {
  for (const packet of reader.push(piece)) {
    if (packet.kind === 'audio') room?.push(packet.leg, packet.startTick, packet.samples);
    else obey(controlMessage.parse(JSON.parse(packet.text)));
  }
});
// The agent is gone, or wants us gone; a write to its closed pipe says the same.
process.stdin.on('end', () => process.exit(0));
process.stdout.on('error', () => process.exit(0));
