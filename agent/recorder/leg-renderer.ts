import type { PlacedAudio } from './leg-timeline.js';

/** Where samples were left out, what went before fades into what follows: 10 ms at most. */
const FADE_SAMPLES_MAX = 80;

interface Piece extends PlacedAudio {
  /** Samples at its beginning that lie over the piece before. */
  readonly fade: number;
}

/** Turns one leg's placed audio into an unbroken stream of samples; what is missing is silence. */
export class LegRenderer {
  readonly #source: AsyncIterator<readonly PlacedAudio[]>;
  #pieces: Piece[] = [];
  #end = 0;
  #exhausted = false;

  constructor(source: AsyncIterator<readonly PlacedAudio[]>) {
    this.#source = source;
  }

  /** Where the last audio known so far ends, in samples. */
  get end(): number {
    return this.#end;
  }

  /** Nothing comes behind `end`. */
  get exhausted(): boolean {
    return this.#exhausted;
  }

  /**
   * Adds the leg's samples from `from` on to `out`. Call it with windows that follow one another.
   * @param out s16 sums, one per sample; what exceeds 16 bits is for the caller to clip
   */
  async addTo(out: Int32Array, from: number): Promise<void> {
    const to = from + out.length;
    await this.#pullUntil(to);
    const own = new Int32Array(out.length);
    for (const piece of this.#pieces) writePiece(own, from, piece);
    for (let n = 0; n < out.length; n += 1) out[n] = out[n]! + own[n]!;
    this.#pieces = this.#pieces.filter((piece) => piece.position + piece.samples.length > to);
  }

  async #pullUntil(to: number): Promise<void> {
    while (!this.#exhausted && (this.#pieces.at(-1)?.position ?? 0) < to) {
      const next = await this.#source.next();
      if (next.done === true) {
        this.#exhausted = true;
        return;
      }
      for (const audio of next.value) this.#add(audio);
    }
  }

  #add({ position, samples }: PlacedAudio): void {
    const previous = this.#pieces.at(-1);
    const over =
      previous === undefined ? 0 : previous.position + previous.samples.length - position;
    const fade = Math.max(0, Math.min(over, samples.length, FADE_SAMPLES_MAX));
    this.#pieces.push({ position, samples, fade });
    this.#end = Math.max(this.#end, position + samples.length);
  }
}

function writePiece(out: Int32Array, from: number, piece: Piece): void {
  const first = Math.max(0, from - piece.position);
  const last = Math.min(piece.samples.length, from + out.length - piece.position);
  for (let n = first; n < last; n += 1) {
    const at = piece.position + n - from;
    const sample = piece.samples[n]!;
    if (n >= piece.fade) out[at] = sample;
    else out[at] = out[at]! + ((sample - out[at]!) * (n + 1)) / (piece.fade + 1);
  }
}
