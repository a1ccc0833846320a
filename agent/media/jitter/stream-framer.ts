import type { PcmFrame } from '../pipeline/frame.js';
import { Concealer } from './concealment.js';
import { SequenceUnwrapper, timestampDistance } from './sequence-unwrapper.js';

/** One decoded packet, 8 kHz mono, 1…480 samples; copied. */
export interface DecodedPacket {
  readonly sequenceNumber: number;
  readonly rtpTimestamp: number;
  readonly ssrc: number;
  readonly samples: Int16Array;
}

/** A PcmFrame that also says where it stands since the first sample of the stream. */
export interface StreamFrame extends PcmFrame {
  /** Samples from the first packet's start to samples[0]: 53 bit, never wraps, grows in steps of whole samples. */
  readonly positionSamples: number;
}

export interface StreamFramerOptions {
  /** The frame is borrowed: valid until the call returns. */
  readonly onFrame: (frame: StreamFrame) => void;
  /** Packets held back while an older one may still come, 0…8. */
  readonly reorderMax?: number;
  /** Longest hole that is filled with silence; a longer one is a jump in positionSamples. */
  readonly silenceMaxMs?: number;
}

export interface StreamFramerCounts {
  received: number;
  late: number;
  duplicate: number;
  refused: number;
  streamsChanged: number;
  framesConcealed: number;
  framesSilenced: number;
  jumps: number;
}

const FRAME_SAMPLES = 160;
const SAMPLES_MAX = 480;
const SAMPLES_PER_MS = 8;
/** Concealment is silent from here on; further frames of it cost work for nothing. */
const CONCEAL_FRAMES_MAX = 3;
const NEAR_SAMPLES = 60_000 * SAMPLES_PER_MS;

interface Held {
  readonly samples: Int16Array;
  length: number;
  position: number;
}

/**
 * Turns packets, in the order in which they came, into frames of 20 ms without a jitter buffer's delay: for listeners
 * that need every sample once and in order, and not at a certain time. A packet waits only while an older one is missing.
 *
 *   packet -> in order? --yes--> | partial frame, 160 samples | -> onFrame
 *                 \--no--> held (reorderMax) --full--> the hole is concealed, silenced or jumped
 */
export class StreamFramer {
  readonly counts: StreamFramerCounts = {
    received: 0,
    late: 0,
    duplicate: 0,
    refused: 0,
    streamsChanged: 0,
    framesConcealed: 0,
    framesSilenced: 0,
    jumps: 0,
  };
  readonly #onFrame: (frame: StreamFrame) => void;
  readonly #reorderMax: number;
  readonly #silenceMaxSamples: number;
  readonly #sequence = new SequenceUnwrapper();
  readonly #concealer = new Concealer();
  readonly #held: Held[] = [];
  readonly #free: Held[];
  readonly #samples = new Int16Array(FRAME_SAMPLES);
  readonly #frame: {
    samples: Int16Array;
    sampleRateHz: 8_000;
    rtpTimestamp: number;
    positionSamples: number;
  };

  #ssrc: number | undefined;
  #anchor = { rtpTimestamp: 0, position: 0, arrivalMs: 0 };
  /** rtpTimestamp of positionSamples 0, so that what goes out has one timeline. */
  #originTimestamp = 0;
  /** Where the next sample belongs. */
  #position = 0;
  #filled = 0;

  constructor({ onFrame, reorderMax = 3, silenceMaxMs = 2_000 }: StreamFramerOptions) {
    this.#onFrame = onFrame;
    this.#reorderMax = reorderMax;
    this.#silenceMaxSamples = silenceMaxMs * SAMPLES_PER_MS;
    this.#free = Array.from({ length: reorderMax + 1 }, () => ({
      samples: new Int16Array(SAMPLES_MAX),
      length: 0,
      position: 0,
    }));
    this.#frame = {
      samples: this.#samples,
      sampleRateHz: 8_000,
      rtpTimestamp: 0,
      positionSamples: 0,
    };
  }

  /** Where the next sample belongs, in samples since the first. */
  get positionSamples(): number {
    return this.#position;
  }

  /** @param arrivalMs monotonic */
  push(packet: DecodedPacket, arrivalMs: number): void {
    this.counts.received += 1;
    const { samples } = packet;
    if (samples.length === 0 || samples.length > SAMPLES_MAX) {
      this.counts.refused += 1;
      return;
    }
    const position = this.#place(packet, arrivalMs);
    const sequence = this.#sequence.extend(packet.sequenceNumber);
    const isNext = this.#sequence.newest < 0 || sequence === this.#sequence.newest + 1;
    const isNewest = sequence > this.#sequence.newest;
    if (!this.#sequence.mark(sequence)) {
      this.counts.duplicate += 1;
      return;
    }
    if (isNewest) this.#anchor = { rtpTimestamp: packet.rtpTimestamp, position, arrivalMs };
    if (position < this.#position) {
      this.counts.late += 1;
      return;
    }
    this.#hold(position, samples);
    // A hole between neighbours in sequence was never sent (DTX): nothing to wait for.
    const isSettled = isNext && this.#held.length === 1;
    this.#release(isSettled ? 0 : this.#reorderMax);
  }

  /** Nothing follows: what is held goes out, and the last frame is filled up with silence. */
  end(): void {
    this.#release(0);
    this.#pad();
  }

  #place(packet: DecodedPacket, arrivalMs: number): number {
    const distance = timestampDistance(this.#anchor.rtpTimestamp, packet.rtpTimestamp);
    if (packet.ssrc === this.#ssrc && Math.abs(distance) <= NEAR_SAMPLES) {
      return this.#anchor.position + distance;
    }
    this.#release(0);
    const isFirst = this.#ssrc === undefined;
    this.#ssrc = packet.ssrc;
    this.#sequence.reset();
    if (isFirst) {
      this.#originTimestamp = packet.rtpTimestamp;
      return 0;
    }
    this.counts.streamsChanged += 1;
    // A new timeline says nothing about the pause before it; only the time of arrival does.
    const elapsed = Math.round(arrivalMs - this.#anchor.arrivalMs) * SAMPLES_PER_MS;
    const expected = this.#anchor.position + elapsed;
    const isPause = expected - this.#position > CONCEAL_FRAMES_MAX * FRAME_SAMPLES;
    return isPause ? expected : this.#position;
  }

  #hold(position: number, samples: Int16Array): void {
    const held = this.#free.pop();
    if (held === undefined) return;
    held.samples.set(samples);
    held.length = samples.length;
    held.position = position;
    let place = this.#held.length;
    while (place > 0 && this.#held[place - 1]!.position > position) place -= 1;
    this.#held.splice(place, 0, held);
  }

  /** Writes out what is in order; then, while more than `keep` wait, goes over the hole before the oldest. */
  #release(keep: number): void {
    for (;;) {
      const first = this.#held[0];
      if (first === undefined) return;
      if (first.position > this.#position) {
        if (this.#held.length <= keep) return;
        this.#bridge(first.position);
      }
      this.#held.shift();
      this.#free.push(first);
      this.#write(first);
    }
  }

  #write({ samples, length, position }: Held): void {
    // Overlapping packets: what was written stays.
    for (let n = Math.max(0, this.#position - position); n < length; n += 1) {
      this.#samples[this.#filled] = samples[n]!;
      this.#filled += 1;
      this.#position += 1;
      if (this.#filled === FRAME_SAMPLES) this.#emit(false);
    }
  }

  #bridge(to: number): void {
    if (to - this.#position > this.#silenceMaxSamples) {
      this.counts.jumps += 1;
      this.#pad();
      this.#position = to;
      return;
    }
    let concealed = 0;
    while (this.#position < to) {
      const missing = Math.min(FRAME_SAMPLES - this.#filled, to - this.#position);
      const isWhole = missing === FRAME_SAMPLES;
      this.#samples.fill(0, this.#filled, this.#filled + missing);
      this.#filled += missing;
      this.#position += missing;
      if (this.#filled < FRAME_SAMPLES) return;
      const isConcealed = isWhole && concealed < CONCEAL_FRAMES_MAX;
      if (isConcealed) concealed += 1;
      else if (isWhole) this.counts.framesSilenced += 1;
      this.#emit(isConcealed);
    }
  }

  #pad(): void {
    if (this.#filled === 0) return;
    this.#samples.fill(0, this.#filled);
    this.#position += FRAME_SAMPLES - this.#filled;
    this.#filled = FRAME_SAMPLES;
    this.#emit(false);
  }

  #emit(isLost: boolean): void {
    if (isLost) {
      this.#concealer.conceal(this.#samples);
      this.counts.framesConcealed += 1;
    } else {
      this.#concealer.receive(this.#samples);
    }
    this.#filled = 0;
    this.#frame.positionSamples = this.#position - FRAME_SAMPLES;
    this.#frame.rtpTimestamp = (this.#originTimestamp + this.#frame.positionSamples) >>> 0;
    this.#onFrame(this.#frame);
  }
}
