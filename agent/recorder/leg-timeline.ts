import { TELEPHONE_RATE_HZ } from '../../base/index.js';
import type { RecordedPacket } from './segment-format.js';

const SAMPLES_PER_MS = TELEPHONE_RATE_HZ / 1_000;
/** How far around a packet the quickest arrival is looked for: jitter hides the drift of a clock in single packets. */
const WINDOW_SAMPLES = 5 * TELEPHONE_RATE_HZ;
const HALF_SECOND_SAMPLES = TELEPHONE_RATE_HZ / 2;
/** A timestamp this far from where both sequence and arrival put it begins a new run. */
const JUMP_SAMPLES = TELEPHONE_RATE_HZ;
/** A leg this far off is put right at the next pause: 3 ms. */
const DRIFT_AT_PAUSE_SAMPLES = 24;
/** A leg this far off is put right in the midst of speech: 7 ms, so that two legs stay within 20 ms with their jitter. */
const DRIFT_ALWAYS_SAMPLES = 56;
/** Nobody hears a few samples more or less below this amplitude. */
const QUIET_AMPLITUDE = 256;
/** Packets kept for sorting; a flood is placed as it comes. */
const WINDOW_PACKETS_MAX = 4_096;
/** Streams remembered at once. */
const RUNS_MAX = 16;

/** @returns the samples of an audio packet; null when it carries no audio that we know */
export type DecodePayload = (payloadType: number, payload: Uint8Array) => Int16Array | null;

/** Decoded audio in its place on the recording's time line. */
export interface PlacedAudio {
  /** Samples since the beginning of the recording. */
  readonly position: number;
  readonly samples: Int16Array;
}

/** A stretch of one stream whose timestamps count without a jump. */
interface Run {
  timestamp: number;
  sequenceNumber: number;
  /** `timestamp` as a number that does not wrap. */
  tick: number;
  arrival: number;
  /** tick + base: where a packet of the run stands, roughly; for sorting. */
  base: number;
  /** tick + offset: where it is placed; null until the first is. */
  offset: number | null;
  placedTick: number;
  /** The waiting packet that came with the least lateness; null: look for it again. */
  leastLate: Waiting | null;
  /** The least lateness of packets placed lately, for each half second of arrival. */
  readonly behind: Behind[];
}

interface Behind {
  readonly since: number;
  least: number;
}

interface Waiting {
  readonly run: Run;
  readonly tick: number;
  readonly arrival: number;
  readonly key: number;
  readonly samples: Int16Array;
}

/**
 * Puts the packets of one leg on the recording's time line. Within a stream the RTP timestamp says where a packet
 * belongs; the time line itself is the arrival clock, which all legs share. The sender's clock runs a little faster or
 * slower than that: the least lateness within 5 s before and after shows by how much, and samples are left out or
 * let in at pauses, so that legs do not drift apart over hours.
 */
export class LegTimeline {
  readonly #startWallMs: number;
  readonly #decode: DecodePayload;
  readonly #runs = new Map<number, Run>();
  readonly #waiting: Waiting[] = [];
  #placedEnd = 0;
  #duplicates = 0;

  /** @param startWallMs Unix ms of position 0 */
  constructor(startWallMs: number, decode: DecodePayload) {
    this.#startWallMs = startWallMs;
    this.#decode = decode;
  }

  /** Packets left out: repeats, and packets over 5 s late. */
  get duplicates(): number {
    return this.#duplicates;
  }

  /**
   * @param packet in order of arrival
   * @returns what is now in its place, in order
   */
  push(packet: RecordedPacket): readonly PlacedAudio[] {
    const samples = this.#decode(packet.payloadType, packet.payload);
    if (samples === null || samples.length === 0) return [];
    const arrival = (packet.arrivalMs - this.#startWallMs) * SAMPLES_PER_MS;
    const run = this.#runOf(packet, arrival, samples.length);
    const tick = run.tick + ((packet.rtpTimestamp - run.timestamp) | 0);
    if (tick >= run.tick) {
      run.timestamp = packet.rtpTimestamp;
      run.sequenceNumber = packet.sequenceNumber;
      run.tick = tick;
      run.arrival = arrival;
    }
    if (
      tick <= run.placedTick ||
      !this.#insert({ run, tick, arrival, key: tick + run.base, samples })
    ) {
      this.#duplicates += 1;
    }
    const placed: PlacedAudio[] = [];
    while (this.#firstIsDue(arrival)) this.#place(placed);
    return placed;
  }

  /** @returns the rest */
  end(): readonly PlacedAudio[] {
    const placed: PlacedAudio[] = [];
    while (this.#waiting.length > 0) this.#place(placed);
    return placed;
  }

  #firstIsDue(nowArrival: number): boolean {
    const first = this.#waiting[0];
    if (first === undefined) return false;
    const aged = nowArrival - first.arrival >= WINDOW_SAMPLES;
    return aged || this.#waiting.length > WINDOW_PACKETS_MAX;
  }

  #runOf(packet: RecordedPacket, arrival: number, packetSamples: number): Run {
    const known = this.#runs.get(packet.ssrc);
    if (known !== undefined) {
      const ticks = (packet.rtpTimestamp - known.timestamp) | 0;
      const steps = ((packet.sequenceNumber - known.sequenceNumber) << 16) >> 16;
      const byArrival = Math.abs(ticks - (arrival - known.arrival));
      const bySequence = Math.abs(ticks - steps * packetSamples);
      if (Math.min(byArrival, bySequence) < JUMP_SAMPLES) return known;
    }
    const run: Run = {
      timestamp: packet.rtpTimestamp,
      sequenceNumber: packet.sequenceNumber,
      tick: 0,
      arrival,
      base: arrival,
      offset: null,
      placedTick: Number.NEGATIVE_INFINITY,
      leastLate: null,
      behind: [],
    };
    this.#runs.delete(packet.ssrc);
    this.#runs.set(packet.ssrc, run);
    const [oldest] = this.#runs.keys();
    if (this.#runs.size > RUNS_MAX && oldest !== undefined) this.#runs.delete(oldest);
    return run;
  }

  /** @returns false for a repeat */
  #insert(packet: Waiting): boolean {
    let at = this.#waiting.length;
    for (; at > 0; at -= 1) {
      const before = this.#waiting[at - 1];
      if (before === undefined || before.key < packet.key) break;
      if (before.run === packet.run && before.tick === packet.tick) return false;
    }
    this.#waiting.splice(at, 0, packet);
    const { leastLate } = packet.run;
    if (leastLate !== null && latenessOf(packet) < latenessOf(leastLate)) {
      packet.run.leastLate = packet;
    }
    return true;
  }

  #place(placed: PlacedAudio[]): void {
    const first = this.#waiting.shift();
    if (first === undefined) return;
    const { run, tick, samples } = first;
    remember(run, first);
    const position = Math.round(tick + this.#offsetOf(first));
    run.placedTick = Math.max(run.placedTick, tick);
    // Before the beginning: a packet that had been overtaken by the very first.
    if (position + samples.length <= 0) return;
    placed.push({ position, samples });
    this.#placedEnd = position + samples.length;
  }

  #offsetOf(first: Waiting): number {
    const { run, arrival, tick } = first;
    const ahead = this.#leastLatenessAhead(first);
    // Only lateness that does not catch up within the window is a stream that had stood still.
    const jumped = run.offset === null || Math.abs(ahead - run.offset) >= JUMP_SAMPLES;
    if (jumped) {
      run.behind.length = 0;
      if (run.offset !== null) run.base += ahead - run.offset;
      run.offset = ahead;
      return ahead;
    }
    while ((run.behind[0]?.since ?? arrival) < arrival - WINDOW_SAMPLES) run.behind.shift();
    const behind = run.behind.reduce((least, half) => Math.min(least, half.least), ahead);
    const current = run.offset ?? behind;
    const off = Math.abs(behind - current);
    const pause = (): boolean => tick + current > this.#placedEnd || isQuiet(first.samples);
    if (off >= DRIFT_ALWAYS_SAMPLES || (off >= DRIFT_AT_PAUSE_SAMPLES && pause()))
      run.offset = behind;
    return run.offset ?? behind;
  }

  #leastLatenessAhead(first: Waiting): number {
    let least = first.run.leastLate;
    if (least === null) {
      least = first;
      for (const packet of this.#waiting) {
        if (packet.run === first.run && latenessOf(packet) < latenessOf(least)) least = packet;
      }
    }
    first.run.leastLate = least === first ? null : least;
    return latenessOf(least);
  }
}

const latenessOf = (packet: Waiting): number => packet.arrival - packet.tick;

function remember(run: Run, packet: Waiting): void {
  const half = run.behind.at(-1);
  if (half === undefined || packet.arrival - half.since > HALF_SECOND_SAMPLES) {
    run.behind.push({ since: packet.arrival, least: latenessOf(packet) });
  } else {
    half.least = Math.min(half.least, latenessOf(packet));
  }
}

function isQuiet(samples: Int16Array): boolean {
  for (const sample of samples) {
    if (sample > QUIET_AMPLITUDE || sample < -QUIET_AMPLITUDE) return false;
  }
  return true;
}
