import { strict as assert } from 'node:assert';
import { Tensor, type InferenceSession } from 'onnxruntime-node';
import type { VadManifest } from './manifest.js';

/** New samples at 16 kHz that one step hears: 32 ms. */
export const VAD_STEP_SAMPLES = 512;
export const VAD_STEP_MS = 32;
/** Samples of the step before that each step sees again. */
export const VAD_CONTEXT_SAMPLES = 64;

/** The memory of one stream. */
export type VadState = Float32Array;

/** Tells speech from the rest, 32 ms at a time. */
export interface Vad {
  initialState(): VadState;
  /** @param samples the context and the new samples, 576 at 16 kHz */
  infer(
    samples: Float32Array,
    state: VadState,
  ): Promise<{ readonly probability: number; readonly state: VadState }>;
}

/** Silero VAD v5. */
export class OnnxVad implements Vad {
  readonly #session: InferenceSession;
  readonly #manifest: VadManifest;
  readonly #rate: Tensor;

  constructor(session: InferenceSession, manifest: VadManifest) {
    this.#session = session;
    this.#manifest = manifest;
    this.#rate = new Tensor('int64', BigInt64Array.of(BigInt(manifest.sampleRateHz)), []);
  }

  initialState(): VadState {
    return new Float32Array(this.#manifest.state.shape.reduce((total, side) => total * side, 1));
  }

  async infer(
    samples: Float32Array,
    state: VadState,
  ): Promise<{ readonly probability: number; readonly state: VadState }> {
    const { input, output, state: memory } = this.#manifest;
    const results = await this.#session.run({
      [input.name]: new Tensor('float32', samples, [1, samples.length]),
      [memory.names[0]]: new Tensor('float32', state, memory.shape),
      sr: this.#rate,
    });
    const probability = results[output.name]?.data[0];
    const next = results[memory.names[1]]?.data;
    assert.ok(typeof probability === 'number' && next instanceof Float32Array, 'checked at load');
    return { probability, state: next };
  }
}
