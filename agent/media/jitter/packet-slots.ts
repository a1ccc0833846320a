/** Where one packet waits. `startTick` counts 8 kHz samples on a line that never wraps. */
export interface PacketSlot {
  readonly octets: Uint8Array;
  startTick: number;
  length: number;
  sequence: number;
}

/** Packets in order of media time, in storage that is made once. */
export class PacketSlots {
  readonly #ordered: PacketSlot[] = [];
  readonly #free: PacketSlot[];

  constructor(slotsMax: number, octetsMax: number) {
    this.#free = Array.from({ length: slotsMax }, () => ({
      octets: new Uint8Array(octetsMax),
      startTick: 0,
      length: 0,
      sequence: 0,
    }));
  }

  get count(): number {
    return this.#ordered.length;
  }

  get full(): boolean {
    return this.#free.length === 0;
  }

  first(): PacketSlot | undefined {
    return this.#ordered[0];
  }

  /** @returns false when there is no room, or when it would overlap a packet that waits already */
  insert(startTick: number, sequence: number, payload: Uint8Array): boolean {
    let place = this.#ordered.length;
    while (place > 0 && this.#ordered[place - 1]!.startTick > startTick) place -= 1;
    const before = this.#ordered[place - 1];
    const after = this.#ordered[place];
    if (before !== undefined && before.startTick + before.length > startTick) return false;
    if (after !== undefined && startTick + payload.length > after.startTick) return false;
    const slot = this.#free.pop();
    if (slot === undefined) return false;
    slot.octets.set(payload);
    slot.startTick = startTick;
    slot.length = payload.length;
    slot.sequence = sequence;
    this.#ordered.splice(place, 0, slot);
    return true;
  }

  /** @returns the first packet that starts after `tick` */
  firstAfter(tick: number): PacketSlot | undefined {
    return this.#ordered.find((slot) => slot.startTick > tick);
  }

  dropFirst(): void {
    const slot = this.#ordered.shift();
    if (slot !== undefined) this.#free.push(slot);
  }

  /** Copies `out.length` octets from `tick` on. @returns false, and `out` is spoilt, when one of them is not there */
  read(tick: number, out: Uint8Array): boolean {
    let filled = 0;
    for (const slot of this.#ordered) {
      const from = tick + filled - slot.startTick;
      if (from >= slot.length) continue;
      if (from < 0) return false;
      const part = slot.octets.subarray(from, Math.min(slot.length, from + out.length - filled));
      out.set(part, filled);
      filled += part.length;
      if (filled === out.length) return true;
    }
    return false;
  }
}
