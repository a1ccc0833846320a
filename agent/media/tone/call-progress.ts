import { HOP_SAMPLES, ToneBank } from './tone-bank.js';

/** Positions count samples (8 kHz) since the first one pushed. */
export type CallProgressEvent =
  /** Three or more even beeps of 400 Hz: the other side has hung up, or is engaged. */
  | { readonly name: 'busyTone'; readonly atSample: number; readonly startSample: number }
  /** 400 Hz for 1.5 s without a pause: nobody is on the line. */
  | { readonly name: 'dialTone'; readonly atSample: number; readonly startSample: number }
  /** A calling fax machine, 1,100 Hz (ITU-T T.30 §4.3.3.2). */
  | { readonly name: 'faxCallingTone'; readonly atSample: number; readonly startSample: number };

/** One stretch of the same thing. */
interface Run {
  readonly sound: Sound;
  readonly startSample: number;
  hops: number;
  /** Powers of its loudest and weakest inner window, the tone's own. */
  loudest: number;
  weakest: number;
}

type Sound = 'tone' | 'quiet' | 'other';

const HOPS_PER_SECOND = 8_000 / HOP_SAMPLES;
const hops = (seconds: number): number => Math.round(seconds * HOPS_PER_SECOND);

const POWER_MIN = (32_767 ** 2 / 2) * 10 ** (-42 / 10);
const PURITY_MIN = 0.85;
const OFFSET_400_MAX_HZ = 20;
/** ITU-T T.30 §4.3.3.2: 1,100 Hz ± 38 Hz. */
const OFFSET_1100_MAX_HZ = 38;
/** The pause after a tone is at least this much weaker: 12 dB. */
const PAUSE_SHARE = 10 ** (-12 / 10);
/** A beep from an exchange is even; a sung or spoken one is not: 3 dB. */
const UNEVEN_MAX = 10 ** (3 / 10);
/** 500/500 ms, seen through a 20 ms window, on lines that are never exact. */
const BEEP_MIN = hops(0.38);
const BEEP_MAX = hops(0.62);
/** On and off of one cadence and the next differ by less than this. */
const RHYTHM_MAX = hops(0.06);
const CADENCES_FOR_BUSY = 3;
const DIAL_TONE_MIN = hops(1.5);
const FAX_TONE_MIN = hops(0.4);
/** Windows of neither kind that may stand between tone and pause: where the 20 ms window lies on the edge. */
const EDGE_MAX = 6;

/** Cuts the sound into stretches of tone, quiet and other, for one frequency. */
class ToneRuns {
  readonly #bank: ToneBank;
  readonly #offsetMaxHz: number;
  readonly #onRun: (run: Run, isOver: boolean) => void;
  #run: Run = newRun('quiet', 0);
  #toneLevel = 0;

  constructor(
    frequencyHz: number,
    offsetMaxHz: number,
    onRun: (run: Run, isOver: boolean) => void,
  ) {
    this.#bank = new ToneBank([frequencyHz]);
    this.#offsetMaxHz = offsetMaxHz;
    this.#onRun = onRun;
  }

  get positionSamples(): number {
    return this.#bank.positionSamples;
  }

  push(samples: Int16Array): void {
    this.#bank.push(samples, () => this.#look());
  }

  #look(): void {
    const total = this.#bank.totalPower;
    const { power, offsetHz } = this.#bank.read(0);
    const isPure = power >= POWER_MIN && power >= PURITY_MIN * total;
    const isTone = isPure && Math.abs(offsetHz) <= this.#offsetMaxHz;
    const isQuiet = total < Math.max(POWER_MIN / 4, this.#toneLevel * PAUSE_SHARE);
    const sound: Sound = isTone ? 'tone' : isQuiet ? 'quiet' : 'other';
    if (sound !== this.#run.sound) {
      this.#onRun(this.#run, true);
      this.#run = newRun(sound, this.#bank.positionSamples);
    }
    this.#run.hops += 1;
    if (sound === 'tone') this.#measure(power);
    this.#onRun(this.#run, false);
  }

  #measure(power: number): void {
    this.#toneLevel = power;
    // The first windows still lie on the edge of the tone.
    if (this.#run.hops <= EDGE_MAX) return;
    this.#run.loudest = Math.max(this.#run.loudest, power);
    this.#run.weakest = Math.min(this.#run.weakest, power);
  }
}

function newRun(sound: Sound, startSample: number): Run {
  return { sound, startSample, hops: 0, loudest: 0, weakest: Infinity };
}

/** The last windows lie on the tone's far edge, hence the margin. */
const isEven = (run: Run): boolean => run.loudest <= run.weakest * UNEVEN_MAX * 2;

/**
 * Counts beeps and pauses of the same 500 ms. Anything else in between starts the count again.
 *
 *   idle --beep--> beeped --pause--> counted(1..3) --beep--> beeped ...     at 3: busy, once, until something else sounds
 *    ^--------------- too short, too long, uneven, other sound ------/
 */
class BusyCadence {
  #cadences = 0;
  #startSample = 0;
  #beepHops = 0;
  #lastBeepHops = 0;
  #edgeHops = 0;
  #isReported = false;

  /** @returns the first beep's start when the third cadence has just been heard */
  hear(run: Run, isOver: boolean): number | undefined {
    switch (run.sound) {
      case 'other':
        this.#edgeHops = run.hops;
        if (run.hops > EDGE_MAX) this.#forget();
        return undefined;
      case 'tone':
        if (isOver) this.#hearBeep(run);
        else if (run.hops > BEEP_MAX) this.#forget();
        return undefined;
      case 'quiet':
        return this.#hearPause(run, isOver);
    }
  }

  #hearBeep(run: Run): void {
    const length = run.hops;
    const isBeep = length >= BEEP_MIN && length <= BEEP_MAX && isEven(run);
    const isRhythm = this.#cadences === 0 || Math.abs(length - this.#lastBeepHops) <= RHYTHM_MAX;
    if (!isBeep || !isRhythm) {
      this.#forget();
      return;
    }
    if (this.#cadences === 0) this.#startSample = run.startSample;
    this.#beepHops = length;
  }

  #hearPause(run: Run, isOver: boolean): number | undefined {
    const length = run.hops + this.#edgeHops;
    if (length > BEEP_MAX) this.#forget();
    if (isOver && length < BEEP_MIN) this.#forget();
    if (this.#beepHops === 0 || length < BEEP_MIN) return undefined;
    this.#lastBeepHops = this.#beepHops;
    this.#beepHops = 0;
    this.#cadences += 1;
    if (this.#cadences < CADENCES_FOR_BUSY || this.#isReported) return undefined;
    this.#isReported = true;
    return this.#startSample;
  }

  #forget(): void {
    this.#cadences = 0;
    this.#beepHops = 0;
    this.#isReported = false;
  }
}

/** Hears what an exchange or a fax says by tones (400 Hz lines, Japan). Each is reported once per occurrence. */
export class CallProgressDetector {
  readonly #busy = new BusyCadence();
  readonly #runs400: ToneRuns;
  readonly #runs1100: ToneRuns;
  readonly #onEvent: (event: CallProgressEvent) => void;

  constructor(onEvent: (event: CallProgressEvent) => void) {
    this.#onEvent = onEvent;
    this.#runs400 = new ToneRuns(400, OFFSET_400_MAX_HZ, (run, isOver) =>
      this.#hear400(run, isOver),
    );
    this.#runs1100 = new ToneRuns(1_100, OFFSET_1100_MAX_HZ, (run, isOver) => {
      if (isOver || run.sound !== 'tone' || run.hops !== FAX_TONE_MIN) return;
      this.#report('faxCallingTone', this.#runs1100.positionSamples, run.startSample);
    });
  }

  /** @param samples 8 kHz s16, any length */
  push(samples: Int16Array): void {
    this.#runs400.push(samples);
    this.#runs1100.push(samples);
  }

  #hear400(run: Run, isOver: boolean): void {
    const atSample = this.#runs400.positionSamples;
    const busyStart = this.#busy.hear(run, isOver);
    if (busyStart !== undefined) this.#report('busyTone', atSample, busyStart);
    if (!isOver && run.sound === 'tone' && run.hops === DIAL_TONE_MIN && isEven(run)) {
      this.#report('dialTone', atSample, run.startSample);
    }
  }

  #report(name: CallProgressEvent['name'], atSample: number, startSample: number): void {
    this.#onEvent({ name, atSample, startSample });
  }
}
