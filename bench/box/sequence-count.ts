import { sequenceDistance } from 'node-mediastream';

/** Far enough back to see that a late packet was no repeat. */
const REMEMBERED = 1_024;

/** Counts one receiver's packets by sequence number, apart from everything that the box counts itself. */
export class SequenceCount {
  #ssrc: number | null = null;
  #streams = 0;
  #highest = 0;
  /** Numbers from the first to the highest, over all streams. */
  #expected = 0;
  #received = 0;
  #duplicates = 0;
  readonly #seen = new Int32Array(REMEMBERED).fill(-1);

  get received(): number {
    return this.#received;
  }

  /** Numbers between the first and the last that never came. */
  get lost(): number {
    return this.#expected - this.#received;
  }

  get duplicates(): number {
    return this.#duplicates;
  }

  /** SSRCs one after the other; the box promises one for the whole of a leg. */
  get streams(): number {
    return this.#streams;
  }

  note(ssrc: number, sequenceNumber: number): void {
    if (ssrc !== this.#ssrc) {
      this.#ssrc = ssrc;
      this.#streams += 1;
      this.#highest = (sequenceNumber - 1) & 0xffff;
      this.#seen.fill(-1);
    }
    const slot = sequenceNumber % REMEMBERED;
    if (this.#seen[slot] === sequenceNumber) {
      this.#duplicates += 1;
      return;
    }
    this.#seen[slot] = sequenceNumber;
    this.#received += 1;
    const step = sequenceDistance(this.#highest, sequenceNumber);
    if (step <= 0) return;
    this.#highest = sequenceNumber;
    this.#expected += step;
  }
}
