import { strict as assert } from 'node:assert';
import type { SampleSource } from './log-mel.js';

/**
 * The newest samples of a stream, addressed by their absolute position. Before position `silentBefore` there is silence,
 * so that the first window may reach back before the first sample.
 */
export class SampleRing implements SampleSource {
  readonly #ring: Float32Array;
  #end: number;

  /** @param capacity samples kept; older ones are overwritten */
  constructor(capacity: number, silentBefore: number) {
    this.#ring = new Float32Array(capacity);
    this.#end = silentBefore;
  }

  /** Position after the newest sample. */
  get end(): number {
    return this.#end;
  }

  /** Position of the oldest sample still kept. */
  get start(): number {
    return Math.max(0, this.#end - this.#ring.length);
  }

  push(samples: Float32Array): void {
    for (const sample of samples) {
      this.#ring[this.#end % this.#ring.length] = sample;
      this.#end += 1;
    }
  }

  /** @throws {AssertionError} when the samples are no longer, or not yet, here (a bug of the caller) */
  read(position: number, out: Float64Array | Float32Array): void {
    assert.ok(position >= this.start && position + out.length <= this.#end, 'samples not kept');
    let slot = position % this.#ring.length;
    for (let i = 0; i < out.length; i += 1) {
      out[i] = this.#ring[slot]!;
      slot += 1;
      if (slot === this.#ring.length) slot = 0;
    }
  }
}
