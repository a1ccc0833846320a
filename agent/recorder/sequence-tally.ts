/** Counts what the network lost of one leg, from the sequence numbers alone (RFC 3550 §A.3). */
export class SequenceTally {
  #ssrc: number | null = null;
  #highest = 0;
  #expected = 0;
  #received = 0;

  /** Packets taken, repeats included. */
  get packets(): number {
    return this.#received;
  }

  /** Packets that never came; a repeat hides a loss, as in RTCP. */
  get lost(): number {
    return Math.max(0, this.#expected - this.#received);
  }

  add(packet: { readonly ssrc: number; readonly sequenceNumber: number }): void {
    this.#received += 1;
    const ahead = (packet.sequenceNumber - this.#highest) & 0xffff;
    // RFC 3550 §A.1: 3000 ahead or a new source is a new beginning, not a loss.
    if (packet.ssrc !== this.#ssrc || (ahead >= 3_000 && ahead < 0xffff - 100)) {
      this.#ssrc = packet.ssrc;
      this.#highest = packet.sequenceNumber;
      this.#expected += 1;
      return;
    }
    if (ahead >= 3_000) return;
    this.#expected += ahead;
    this.#highest = packet.sequenceNumber;
  }
}
