import assert from 'node:assert/strict';
import { samplesPerFrame, type FrameSink, type PcmFrame, type SampleRateHz } from './frame.js';

export interface FrameMailboxOptions {
  /** Who empties it, for `chain`. */
  readonly reader: string;
  /** Frames it holds; one more drops the oldest, which is counted. */
  readonly framesMax: number;
  readonly sampleRateHz?: SampleRateHz;
  /** Called when the mailbox was empty and no longer is, and at end(). Must be cheap: it runs inside push(). */
  readonly onReady?: () => void;
}

interface Slot {
  readonly samples: Int16Array;
  readonly sampleRateHz: SampleRateHz;
  rtpTimestamp: number;
}

/**
 * Stands between live audio and a reader that may be slow (disk, model): a ring that never grows and never blocks.
 * The oldest frame goes first, since a listener that is behind wants the present, and a hole shows in the timestamps.
 */
export class FrameMailbox implements FrameSink {
  readonly chain: string;
  readonly #framesMax: number;
  readonly #frameSamples: number;
  readonly #onReady: () => void;
  readonly #slots: Slot[];
  /** The frame that the reader holds. Swapped with a slot, so that push() cannot write under the reader. */
  #lent: Slot;
  #head = 0;
  #count = 0;
  #droppedCount = 0;
  #ended = false;

  constructor({ reader, framesMax, sampleRateHz = 8_000, onReady }: FrameMailboxOptions) {
    assert(Number.isInteger(framesMax) && framesMax > 0, 'framesMax is a positive whole number');
    const slot = (): Slot => ({
      samples: new Int16Array(samplesPerFrame(sampleRateHz)),
      sampleRateHz,
      rtpTimestamp: 0,
    });
    this.chain = `mailbox(${framesMax}) -> ${reader}`;
    this.#framesMax = framesMax;
    this.#frameSamples = samplesPerFrame(sampleRateHz);
    this.#onReady = onReady ?? ((): void => undefined);
    this.#slots = Array.from({ length: framesMax }, slot);
    this.#lent = slot();
  }

  /** Frames waiting, 0…framesMax. */
  get count(): number {
    return this.#count;
  }

  /** Frames that the reader was too slow for, since the beginning. */
  get droppedCount(): number {
    return this.#droppedCount;
  }

  /** True when no frame waits and none will come. */
  get finished(): boolean {
    return this.#ended && this.#count === 0;
  }

  /** @throws {AssertionError} after end(), or for a frame of another size (a bug of the caller) */
  push(frame: PcmFrame): void {
    assert(!this.#ended, 'no frame follows end()');
    assert.equal(frame.samples.length, this.#frameSamples);
    if (this.#count === this.#framesMax) {
      this.#advance();
      this.#droppedCount += 1;
    }
    const slot = this.#slots[(this.#head + this.#count) % this.#framesMax]!;
    slot.samples.set(frame.samples);
    slot.rtpTimestamp = frame.rtpTimestamp;
    this.#count += 1;
    if (this.#count === 1) this.#onReady();
  }

  end(): void {
    this.#ended = true;
    this.#onReady();
  }

  /** @returns the oldest frame, borrowed until the next take(); undefined when none waits */
  take(): PcmFrame | undefined {
    if (this.#count === 0) return undefined;
    const taken = this.#slots[this.#head]!;
    this.#slots[this.#head] = this.#lent;
    this.#lent = taken;
    this.#advance();
    return taken;
  }

  /** Takes all that wait, oldest first. @returns how many frames `read` was given */
  drain(read: (frame: PcmFrame) => void): number {
    // What read() itself may push is left for the next drain: a loop here could otherwise never end.
    const waiting = this.#count;
    for (let taken = 0; taken < waiting; taken += 1) {
      const frame = this.take();
      if (frame === undefined) return taken;
      read(frame);
    }
    return waiting;
  }

  #advance(): void {
    this.#head = (this.#head + 1) % this.#framesMax;
    this.#count -= 1;
  }
}
