import {
  CallProgressDetector,
  DtmfDetector,
  LevelMeter,
  TelephoneEventReceiver,
  type CallProgressEvent,
  type DtmfEvent,
} from 'node-mediastream';
import type { Clock, Timer } from '../../../base/index.js';
import type { BridgeEvent, HeardTone, LegId } from './bridge-protocol.js';
import type { HeardPacket, PacketListener } from './heard-packet.js';

/** How soon a digit whose end was lost is looked for, ms. */
const DIGIT_LOOK_MS = 50;
const SAMPLES_PER_MS = 8;

const toneOf = {
  busyTone: 'busy',
  dialTone: 'dial',
  faxCallingTone: 'faxCalling',
} as const satisfies Record<CallProgressEvent['name'], HeardTone>;

export interface LegEarOptions {
  readonly legId: LegId;
  readonly clock: Clock;
  readonly onEvent: (event: BridgeEvent) => void;
  /** A digit by RFC 4733, once it is over. */
  readonly onDigit: (digit: string, durationMs: number) => void;
}

/** What the bridge itself hears on a leg: how loud it is, digits, tones of the line. */
export class LegEar implements PacketListener {
  readonly name = 'ear';
  readonly #options: LegEarOptions;
  readonly #events: TelephoneEventReceiver;
  #level = newMeter();
  #tones: ReadonlySet<HeardTone> = new Set();
  #progress: CallProgressDetector | null = null;
  #dtmf: DtmfDetector | null = null;
  /** A phone that sends RFC 4733 may leave the tone in its voice too: the digit would count twice. */
  #hasEvents = false;
  #look: Timer | null = null;
  #eventAtMs = 0;

  constructor(options: LegEarOptions) {
    const { legId, onEvent, onDigit } = options;
    this.#options = options;
    this.#events = new TelephoneEventReceiver((digit, durationMs) => {
      onEvent({ name: 'digit', legId, digit, durationMs, way: 'rfc4733' });
      onDigit(digit, durationMs);
    });
  }

  /** Takes the level of what came since the last call, dBov: 0 … −127. */
  takeLevelDbov(): number {
    const levelDbov = 0 - this.#level.runningLevel;
    this.#level = newMeter();
    return levelDbov;
  }

  listenFor(tones: readonly HeardTone[]): void {
    this.#tones = new Set(tones);
    const isProgress = tones.some((tone) => tone !== 'dtmf');
    if (!isProgress) this.#progress = null;
    else this.#progress ??= new CallProgressDetector((event) => this.#onProgress(event));
    if (!this.#tones.has('dtmf')) this.#dtmf = null;
    else this.#dtmf ??= new DtmfDetector((event) => this.#onDtmf(event));
  }

  hear({ packet, kind, samples, arrivalMs }: HeardPacket): void {
    if (kind === 'telephoneEvent') {
      this.#hasEvents = true;
      this.#eventAtMs = arrivalMs;
      this.#events.push(packet, arrivalMs);
      this.#lookLater();
      return;
    }
    if (kind !== 'audio') return;
    this.#events.audio(packet.rtpTimestamp, arrivalMs);
    this.#level.push(samples);
    this.#progress?.push(samples);
    this.#dtmf?.push(samples);
  }

  /** The leg ends: what is still pressed is let go. */
  end(): void {
    this.#look?.cancel();
    this.#look = null;
    this.#events.end();
    this.#dtmf?.end();
  }

  /** A digit whose end packets are all lost is closed by the time. */
  #lookLater(): void {
    if (this.#look !== null) return;
    const { clock } = this.#options;
    this.#look = clock.after(DIGIT_LOOK_MS, () => {
      this.#look = null;
      const nowMs = clock.monotonicMs();
      this.#events.tick(nowMs);
      if (nowMs - this.#eventAtMs < 4 * DIGIT_LOOK_MS) this.#lookLater();
    });
  }

  #onProgress(event: CallProgressEvent): void {
    const { legId, clock, onEvent } = this.#options;
    const tone = toneOf[event.name];
    if (this.#tones.has(tone)) onEvent({ name: 'tone', legId, tone, atWallMs: clock.wallMs() });
  }

  #onDtmf(event: DtmfEvent): void {
    if (event.name !== 'digitEnded' || this.#hasEvents) return;
    const { legId, onEvent } = this.#options;
    const durationMs = (event.endSample - event.startSample) / SAMPLES_PER_MS;
    onEvent({ name: 'digit', legId, digit: event.digit, durationMs, way: 'inBand' });
  }
}

/** Sums up from one report to the next, however many samples that is. */
function newMeter(): LevelMeter {
  return new LevelMeter(() => undefined, Infinity);
}
