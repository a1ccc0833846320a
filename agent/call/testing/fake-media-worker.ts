import type { Clock, Timer } from '../../../base/index.js';
import type {
  BridgeCommand,
  BridgeEvent,
  LegHealth,
  LegId,
  LegRemote,
  LegSource,
  Speaker,
} from '../bridge/bridge-protocol.js';
import { PROMPTS } from '../media-plan.js';

/** A leg as the fake keeps it. */
export interface FakeLeg {
  readonly legId: LegId;
  readonly rtpPort: number;
  callId: string;
  speaker: Speaker;
  /** null until its ports are bound. */
  isOpen: boolean;
  remote: LegRemote | null;
  source: LegSource;
  play: { readonly playId: string; readonly timer: Timer | null } | null;
  isRecorded: boolean;
  isDetected: boolean;
  silenceAfterMs: number | null;
}

export interface FakeMediaWorkerOptions {
  readonly clock: Clock;
  readonly onEvent: (event: BridgeEvent) => void;
  /** How long a port takes to be bound or let go, ms. */
  readonly delayMs?: number;
}

/** How long the built-in prompts run, ms. */
const DURATIONS_MS: Readonly<Record<string, number>> = {
  [PROMPTS.configured]: 4_000,
  [PROMPTS.builtIn]: 6_000,
  [PROMPTS.apology]: 5_000,
  [PROMPTS.waiting]: 8_000,
  [PROMPTS.hold]: 10_000,
  [PROMPTS.tone]: 1_000,
};

/** Answers commands as the real media worker does, on a fake clock and without audio; keeps what each leg would hear. */
export class FakeMediaWorker {
  readonly legs = new Map<LegId, FakeLeg>();
  readonly commands: BridgeCommand[] = [];
  /** What must never be: a leg that hears another call, a tap on a leg that is not there. */
  readonly violations: string[] = [];
  readonly sentDigits: { readonly legId: LegId; readonly digit: string }[] = [];
  /** Prompts that are not there although somebody may want them. */
  readonly broken = new Set<string>();
  /** Further legs get `legFailed`. */
  legsMax = 64;
  onTap: (leg: FakeLeg) => void = () => undefined;
  /** false: the worker is stuck, and never tells the end of a leg. */
  onClosing: () => boolean = () => true;
  readonly #options: FakeMediaWorkerOptions;
  #nextPort = 16_384;
  #checkIsDue = false;

  constructor(options: FakeMediaWorkerOptions) {
    this.#options = options;
  }

  /** @returns the leg that sends to this address and port */
  legTo(address: string, rtpPort: number): FakeLeg | undefined {
    return [...this.legs.values()].find(
      ({ remote }) => remote?.address === address && remote.rtpPort === rtpPort,
    );
  }

  send(command: BridgeCommand): void {
    this.commands.push(command);
    switch (command.do) {
      case 'openLeg':
        this.#open(command);
        break;
      case 'closeLeg':
        this.#close(command.legId);
        break;
      case 'loadPrompt':
      case 'close':
        break;
      default: {
        const leg = this.legs.get(command.legId);
        if (leg !== undefined) this.#tell(leg, command);
      }
    }
    this.#checkSoon();
  }

  #tell(
    leg: FakeLeg,
    command: Exclude<Extract<BridgeCommand, { legId: LegId }>, { do: 'openLeg' | 'closeLeg' }>,
  ): void {
    switch (command.do) {
      case 'setRemote':
        leg.remote = command.remote;
        return this.#wake(leg);
      case 'setSource':
        this.#endPlay(leg, false);
        leg.source = command.source;
        return this.#wake(leg);
      case 'sendDigit':
        this.sentDigits.push({ legId: leg.legId, digit: command.digit });
        return;
      case 'tap':
        leg.isRecorded = command.record;
        leg.isDetected = command.detect;
        return this.onTap(leg);
      case 'watchSilence':
        leg.silenceAfterMs = command.afterMs;
        return;
      case 'assignLeg':
        leg.callId = command.callId;
        leg.speaker = command.speaker;
        return;
      case 'listenForTones':
        return;
    }
  }

  #open({ legId, callId, speaker }: Extract<BridgeCommand, { do: 'openLeg' }>): void {
    const { onEvent } = this.#options;
    if (this.legs.has(legId)) this.violations.push(`${legId} is opened twice`);
    if (this.legs.size >= this.legsMax) {
      this.#later(() => onEvent({ name: 'legFailed', legId, reason: 'all legs are in use' }));
      return;
    }
    const leg: FakeLeg = {
      legId,
      callId,
      speaker,
      rtpPort: this.#nextPort,
      isOpen: false,
      remote: null,
      source: { kind: 'silence' },
      play: null,
      isRecorded: false,
      isDetected: false,
      silenceAfterMs: null,
    };
    this.#nextPort += 2;
    this.legs.set(legId, leg);
    this.#later(() => {
      if (this.legs.get(legId) !== leg) return;
      leg.isOpen = true;
      onEvent({ name: 'legOpened', legId, address: '192.0.2.1', rtpPort: leg.rtpPort });
    });
  }

  #close(legId: LegId): void {
    const leg = this.legs.get(legId);
    this.legs.delete(legId);
    if (leg !== undefined) this.#endPlay(leg, false);
    if (!this.onClosing()) return;
    const health = healthOf(leg?.rtpPort ?? 0);
    this.#later(() => this.#options.onEvent({ name: 'legClosed', legId, health }));
  }

  /** Starts what waited for the other side's address. */
  #wake(leg: FakeLeg): void {
    const { source } = leg;
    const { onEvent, clock } = this.#options;
    if (source.kind !== 'play' || leg.play !== null || !maySend(leg)) return;
    const { legId } = leg;
    const { playId, promptId, repeat } = source;
    const durationMs = this.broken.has(promptId) ? undefined : DURATIONS_MS[promptId];
    leg.play = { playId, timer: null };
    if (durationMs === undefined) {
      this.#later(() => this.#endPlay(leg, false));
      return;
    }
    this.#later(() => {
      if (leg.play?.playId !== playId || leg.source !== source) return;
      onEvent({ name: 'playStarted', legId, playId, atWallMs: clock.wallMs() });
      if (repeat) return;
      const timer = clock.after(durationMs, () => this.#endPlay(leg, true));
      leg.play = { playId, timer };
    });
  }

  #endPlay(leg: FakeLeg, completed: boolean): void {
    const { play, legId } = leg;
    if (play === null) return;
    leg.play = null;
    play.timer?.cancel();
    const { onEvent, clock } = this.#options;
    const atWallMs = clock.wallMs();
    if (completed) leg.source = { kind: 'silence' };
    // A message from another thread: never within the command that caused it.
    this.#later(() =>
      onEvent({ name: 'playEnded', legId, playId: play.playId, atWallMs, completed }),
    );
  }

  #later(run: () => void): void {
    this.#options.clock.after(this.#options.delayMs ?? 1, run);
  }

  /** Who hears whom counts once all commands of this moment are obeyed. */
  #checkSoon(): void {
    if (this.#checkIsDue) return;
    this.#checkIsDue = true;
    this.#options.clock.after(0, () => {
      this.#checkIsDue = false;
      for (const leg of this.legs.values()) {
        if (leg.source.kind === 'mix') this.violations.push(`${leg.legId} hears a mix`);
        if (leg.source.kind !== 'relay') continue;
        const from = this.legs.get(leg.source.from);
        if (from !== undefined && from.callId !== leg.callId) {
          this.violations.push(`${leg.legId} of ${leg.callId} hears ${from.callId}`);
        }
        if (from === leg) this.violations.push(`${leg.legId} hears itself`);
      }
    });
  }
}

/** Whether a leg may send to its other side now. */
export function maySend({ isOpen, remote }: FakeLeg): boolean {
  return isOpen && (remote?.direction === 'sendrecv' || remote?.direction === 'sendonly');
}

/** Numbers by which a test tells whose they are. */
export function healthOf(packetsReceived: number): LegHealth {
  return {
    packetsReceived,
    packetsLost: 0,
    packetsLate: 0,
    packetsDuplicate: 0,
    packetsRefused: 0,
    packetsSent: 0,
    jitterMs: 0,
    roundTripMs: null,
    levelDbov: -127,
  };
}
