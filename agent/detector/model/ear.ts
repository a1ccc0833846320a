import { strict as assert } from 'node:assert';
import { Tensor, type InferenceSession } from 'onnxruntime-node';
import { MoraAlphabet } from '../keyword/index.js';
import { MEL_BANDS, MEL_FRAMES, WINDOW_SAMPLES } from '../features/index.js';
import type { EarManifest } from './manifest.js';

/** What turns a window of sound into morae. A better model needs only another of these. */
export interface Ear {
  /** Samples at 16 kHz that one window holds. */
  readonly inputSamples: number;
  /** Frames of posteriors that one window yields. */
  readonly outputFrames: number;
  readonly alphabet: MoraAlphabet;
  /**
   * @param logMel float32 [80][400] of one window
   * @returns natural-log posteriors, [outputFrames][alphabet.size]
   */
  infer(logMel: Float32Array): Promise<Float32Array>;
}

/** The ear as an ONNX graph. */
export class OnnxEar implements Ear {
  readonly inputSamples = WINDOW_SAMPLES;
  readonly outputFrames: number;
  readonly alphabet: MoraAlphabet;
  readonly #session: InferenceSession;
  readonly #input: string;
  readonly #output: string;

  constructor(session: InferenceSession, manifest: EarManifest) {
    this.#session = session;
    this.#input = manifest.input.name;
    this.#output = manifest.output.name;
    this.outputFrames = manifest.output.shape[1];
    this.alphabet = new MoraAlphabet(manifest.vocabulary, manifest.kana);
  }

  async infer(logMel: Float32Array): Promise<Float32Array> {
    const mel = new Tensor('float32', logMel, [1, MEL_BANDS, MEL_FRAMES]);
    const results = await this.#session.run({ [this.#input]: mel });
    const posteriors = results[this.#output]?.data;
    assert.ok(posteriors instanceof Float32Array, 'the graph was checked when loaded');
    return posteriors;
  }
}
