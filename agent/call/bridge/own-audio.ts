import {
  attentionBeep,
  busyTone,
  PCMA_SILENCE,
  PCMU_SILENCE,
  ringBackTone,
  type ToneSource,
} from 'node-mediastream';
import type { LegSource } from './bridge-protocol.js';
import { encodeLaw, FRAME_OCTETS, type Codec } from './law.js';
import type { PromptPlay } from './prompt-play.js';

/** Audio made here, asked for frame by frame at our own 20 ms. */
export interface OwnAudio {
  /** Whether there is something to send now; false while a prompt is still being loaded. */
  isReady(): boolean;
  /** @param out 160 octets. @returns false when it is over, with nothing written */
  fill(codec: Codec, out: Uint8Array): boolean;
  /** Something else takes its place. */
  abandon(): void;
}

/** A prompt alone: its octets as they were encoded when it was loaded. */
export class PromptAudio implements OwnAudio {
  readonly #play: PromptPlay;

  constructor(play: PromptPlay) {
    this.#play = play;
  }

  isReady(): boolean {
    return this.#play.find();
  }

  fill(codec: Codec, out: Uint8Array): boolean {
    const written = this.#play.take(FRAME_OCTETS, (prompt, { from, to, at }) =>
      out.set(prompt.octets[codec].subarray(from, to), at),
    );
    if (written > 0) out.fill(codec === 'PCMU' ? PCMU_SILENCE : PCMA_SILENCE, written);
    return written > 0;
  }

  abandon(): void {
    this.#play.end(false);
  }
}

type ToneName = Extract<LegSource, { kind: 'tone' }>['tone'];

/** A tone of the line. */
export class ToneAudio implements OwnAudio {
  readonly #tone: ToneSource;
  readonly #samples = new Int16Array(FRAME_OCTETS);

  constructor(tone: ToneName) {
    this.#tone = toneNamed(tone);
  }

  isReady(): boolean {
    return !this.#tone.isDone;
  }

  fill(codec: Codec, out: Uint8Array): boolean {
    if (this.#tone.isDone) return false;
    this.#tone.fill(this.#samples);
    encodeLaw(codec, this.#samples, out);
    return true;
  }

  abandon(): void {
    // Nobody waits for the end of a tone.
  }
}

function toneNamed(tone: ToneName): ToneSource {
  switch (tone) {
    case 'ringback':
      return ringBackTone();
    case 'busy':
      return busyTone();
    case 'attention':
      return attentionBeep();
  }
}
