import { messageOf, type Clock, type Log, type Timer } from '../../../base/index.js';
import type { DetectorEvent, Speaker } from '../detector-event.js';
import type { Phrase } from '../keyword/index.js';
import {
  detectorMessage,
  encodeAudio,
  encodeJson,
  LineReader,
  SAMPLES_MAX,
  type ControlMessage,
  type DetectorMessage,
  type Heartbeat,
} from '../pipe/index.js';
import {
  spawnDetector,
  type ChildEvents,
  type DetectorChild,
  type SpawnDetector,
} from './child.js';
import {
  FIRST_STATE,
  stepClient,
  type ClientEffect,
  type ClientEvent,
  type ClientState,
} from './client-machine.js';
import { LegMailbox } from './leg-mailbox.js';

/** A leg to listen to. */
export interface DetectedLeg {
  readonly legId: string;
  readonly callId: string;
  readonly speaker: Speaker;
}

/** Time in which a leg was not listened to, for the call's record. */
export interface DetectorGap {
  readonly legId: string;
  readonly callId: string;
  readonly fromWallMs: number;
  readonly toWallMs: number;
}

export type DetectorState =
  | { readonly name: 'starting' | 'listening' | 'restarting' | 'stopped' }
  | { readonly name: 'off'; readonly reason: string };

export interface DetectorClientEvents {
  onEvent(leg: DetectedLeg, event: DetectorEvent): void;
  onState(state: DetectorState): void;
  onGap(gap: DetectorGap): void;
  /** Once a second while it listens: load, and what it dropped. */
  onHealth?(health: Heartbeat): void;
}

export interface DetectorClientParts {
  readonly modelsDirectory: string;
  readonly phrases: readonly Phrase[];
  readonly clock: Clock;
  readonly log: Log;
  /** Unless told: the process that comes with this build. */
  readonly spawn?: SpawnDetector;
}

/** The agent's side of the detector. No call of it throws or waits: a call never depends on being listened to. */
export interface DetectorClient {
  readonly state: DetectorState;
  /** `name@sha256` of the models in use; empty before the first start. */
  readonly models: Readonly<Record<string, string>>;
  openLeg(leg: DetectedLeg): void;
  /** @param startTick place of the first sample in the leg, 8 kHz, rising; copies */
  push(legId: string, samples: Int16Array, startTick: number): void;
  closeLeg(legId: string): void;
  setPhrases(phrases: readonly Phrase[]): void;
  /** Packets of audio dropped because the detector took no more. */
  readonly packetsDropped: number;
  stop(): void;
}

interface OpenLeg {
  readonly leg: DetectedLeg;
  readonly index: number;
  readonly mailbox: LegMailbox;
  /** Since when nobody listens; null: somebody does. */
  deafSinceWallMs: number | null;
}

/** No sign of life for this long while listening: it is killed, and another listens within the promised 5 s. */
const SILENT_MAX_MS = 4_000;
/** A Pi reads, checks and loads the models in this time. */
const STARTING_MAX_MS = 20_000;
const LINE_BYTES_MAX = 64_000;
const LEG_INDICES = 65_536;
/** Legs that have closed and whose last words may still come. */
const CLOSED_MAX = 64;

/** Starts the detector's process and keeps it alive. */
export function createDetectorClient(
  parts: DetectorClientParts,
  events: DetectorClientEvents,
): DetectorClient {
  return new ProcessClient(parts, events);
}

class ProcessClient implements DetectorClient {
  readonly #parts: DetectorClientParts;
  readonly #events: DetectorClientEvents;
  readonly #legs = new Map<string, OpenLeg>();
  /** By index, closed ones too until `CLOSED_MAX` newer have closed. */
  readonly #byIndex = new Map<number, DetectedLeg>();
  readonly #closed: number[] = [];
  #phrases: readonly Phrase[];
  /** What the process was started with. */
  #sentPhrases: readonly Phrase[] = [];
  #machine: ClientState = FIRST_STATE;
  #child: DetectorChild | null = null;
  #watch: Timer | null = null;
  #retry: Timer | null = null;
  #pipeFull = false;
  #nextIndex = 0;
  #dropped = 0;
  #models: Readonly<Record<string, string>> = {};

  constructor(parts: DetectorClientParts, events: DetectorClientEvents) {
    this.#parts = parts;
    this.#events = events;
    this.#phrases = parts.phrases;
    this.#spawn();
  }

  get state(): DetectorState {
    const state = this.#machine;
    return state.name === 'off' ? state : { name: state.name };
  }

  get models(): Readonly<Record<string, string>> {
    return this.#models;
  }

  get packetsDropped(): number {
    let waiting = this.#dropped;
    for (const { mailbox } of this.#legs.values()) waiting += mailbox.dropped;
    return waiting;
  }

  openLeg(leg: DetectedLeg): void {
    this.closeLeg(leg.legId);
    const listening = this.#machine.name === 'listening';
    const open: OpenLeg = {
      leg,
      index: this.#freeIndex(),
      mailbox: new LegMailbox(),
      deafSinceWallMs: listening ? null : this.#parts.clock.wallMs(),
    };
    this.#legs.set(leg.legId, open);
    this.#byIndex.set(open.index, leg);
    if (listening) this.#order({ do: 'openLeg', leg: open.index, speaker: leg.speaker });
  }

  push(legId: string, samples: Int16Array, startTick: number): void {
    const open = this.#legs.get(legId);
    // What is said while nobody listens is the gap, not a queue.
    if (open === undefined || this.#machine.name !== 'listening') return;
    for (let at = 0; at < samples.length; at += SAMPLES_MAX) {
      const audio = { startTick: startTick + at, samples: samples.subarray(at, at + SAMPLES_MAX) };
      if (this.#pipeFull) open.mailbox.push({ ...audio, samples: audio.samples.slice() });
      else this.#write(encodeAudio(open.index, audio.startTick, audio.samples));
    }
  }

  closeLeg(legId: string): void {
    const open = this.#legs.get(legId);
    if (open === undefined) return;
    this.#legs.delete(legId);
    this.#dropped += open.mailbox.dropped;
    this.#endGap(open);
    if (this.#machine.name === 'listening') {
      for (const { startTick, samples } of open.mailbox.take()) {
        this.#write(encodeAudio(open.index, startTick, samples));
      }
      this.#order({ do: 'closeLeg', leg: open.index });
    }
    this.#closed.push(open.index);
    if (this.#closed.length <= CLOSED_MAX) return;
    const oldest = this.#closed.shift();
    if (oldest !== undefined) this.#byIndex.delete(oldest);
  }

  setPhrases(phrases: readonly Phrase[]): void {
    this.#phrases = phrases;
    if (this.#machine.name === 'listening') this.#sendPhrases();
  }

  stop(): void {
    for (const legId of [...this.#legs.keys()]) this.closeLeg(legId);
    this.#step({ name: 'stop' });
  }

  #sendPhrases(): void {
    if (this.#sentPhrases === this.#phrases) return;
    this.#sentPhrases = this.#phrases;
    this.#order({ do: 'setPhrases', phrases: [...this.#phrases] });
  }

  #freeIndex(): number {
    while (this.#byIndex.has(this.#nextIndex))
      this.#nextIndex = (this.#nextIndex + 1) % LEG_INDICES;
    const index = this.#nextIndex;
    this.#nextIndex = (index + 1) % LEG_INDICES;
    return index;
  }

  #step(event: ClientEvent): void {
    const before = this.#machine;
    const [next, effects] = stepClient(before, event);
    this.#machine = next;
    if (before.name === 'listening' && next.name !== 'listening') this.#beginGaps();
    if (next.name !== before.name) {
      const { name: state, ...reason } = this.state;
      this.#parts.log.info('detectorState', { state, ...reason });
    }
    for (const effect of effects) this.#perform(effect);
    if (next.name !== before.name) this.#events.onState(this.state);
  }

  #perform(effect: ClientEffect): void {
    switch (effect.do) {
      case 'spawn':
        this.#spawn();
        return;
      case 'kill':
        this.#watch?.cancel();
        this.#retry?.cancel();
        this.#child?.kill();
        this.#child = null;
        return;
      case 'openLegs':
        this.#sendPhrases();
        for (const open of this.#legs.values()) {
          this.#order({ do: 'openLeg', leg: open.index, speaker: open.leg.speaker });
          this.#endGap(open);
        }
        return;
      case 'retryIn':
        this.#retry = this.#parts.clock.after(effect.afterMs, () =>
          this.#step({ name: 'retryDue' }),
        );
        return;
    }
  }

  #spawn(): void {
    const lines = new LineReader(LINE_BYTES_MAX);
    this.#pipeFull = false;
    // What a process says or does after it was given up concerns nobody.
    const current = (): boolean => child !== null && this.#child === child;
    const events: ChildEvents = {
      onOutput: (text) => {
        for (const line of lines.push(text)) if (current()) this.#hear(line);
      },
      onError: (text) => this.#parts.log.warn('detectorStderr', { text: text.slice(0, 500) }),
      onDrain: () => {
        if (current()) this.#drain();
      },
      onExit: (reason) => {
        if (current()) this.#step({ name: 'exited', reason });
      },
    };
    let child: DetectorChild | null = null;
    try {
      child = (this.#parts.spawn ?? spawnDetector)(events);
    } catch (cause) {
      // No process or no pipe left on the machine: the calls go on, and another try is due.
      this.#step({ name: 'exited', reason: messageOf(cause) });
      return;
    }
    this.#child = child;
    const { modelsDirectory } = this.#parts;
    this.#sentPhrases = this.#phrases;
    this.#order({ do: 'start', modelsDirectory, phrases: [...this.#phrases] });
    this.#watchFor(STARTING_MAX_MS);
  }

  #watchFor(ms: number): void {
    this.#watch?.cancel();
    this.#watch = this.#parts.clock.after(ms, () => this.#step({ name: 'stuck' }));
  }

  #hear(line: string): void {
    let message: DetectorMessage;
    try {
      message = detectorMessage.parse(JSON.parse(line));
    } catch (cause) {
      this.#parts.log.warn('detectorSpokeNonsense', { reason: messageOf(cause).slice(0, 500) });
      return;
    }
    switch (message.say) {
      case 'ready':
        this.#models = message.models;
        this.#watchFor(SILENT_MAX_MS);
        this.#step({ name: 'ready' });
        return;
      case 'refused':
        this.#step({ name: 'refused', reason: message.reason });
        return;
      case 'heartbeat':
        this.#watchFor(SILENT_MAX_MS);
        this.#events.onHealth?.(message);
        return;
      case 'heard': {
        const leg = this.#byIndex.get(message.leg);
        if (leg !== undefined) this.#events.onEvent(leg, message.event);
        return;
      }
    }
  }

  #order(order: ControlMessage): void {
    this.#write(encodeJson(order));
  }

  #write(bytes: Buffer): void {
    if (this.#child?.write(bytes) === false) this.#pipeFull = true;
  }

  #drain(): void {
    this.#pipeFull = false;
    for (const { index, mailbox } of this.#legs.values()) {
      for (const { startTick, samples } of mailbox.take()) {
        this.#write(encodeAudio(index, startTick, samples));
      }
    }
  }

  #beginGaps(): void {
    const nowMs = this.#parts.clock.wallMs();
    for (const open of this.#legs.values()) open.deafSinceWallMs ??= nowMs;
  }

  #endGap(open: OpenLeg): void {
    if (open.deafSinceWallMs === null) return;
    const { legId, callId } = open.leg;
    const toWallMs = this.#parts.clock.wallMs();
    const fromWallMs = open.deafSinceWallMs;
    open.deafSinceWallMs = null;
    if (toWallMs > fromWallMs) this.#events.onGap({ legId, callId, fromWallMs, toWallMs });
  }
}
