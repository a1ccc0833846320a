/** Low group, high group in Hz (ITU-T Q.23). */
export const DTMF_LOW_HZ = [697, 770, 852, 941] as const;
export const DTMF_HIGH_HZ = [1_209, 1_336, 1_477, 1_633] as const;

/** The keypad, row by row. */
const KEYPAD = '123A456B789C*0#D';

/** @returns the digit of a row and a column, 0…3 each */
export function dtmfDigitAt(row: number, column: number): string {
  return KEYPAD.charAt(row * 4 + column);
}

export interface DtmfPair {
  readonly lowHz: number;
  readonly highHz: number;
}

/** @returns undefined when `digit` is none of 0-9, *, #, A-D */
export function dtmfPair(digit: string): DtmfPair | undefined {
  const place = digit.length === 1 ? KEYPAD.indexOf(digit) : -1;
  const lowHz = DTMF_LOW_HZ[place >> 2];
  const highHz = DTMF_HIGH_HZ[place & 3];
  return place < 0 || lowHz === undefined || highHz === undefined ? undefined : { lowHz, highHz };
}
