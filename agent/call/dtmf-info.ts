/** A digit from a SIP INFO body: `application/dtmf-relay` (`Signal=5`, `Duration=160`) or `application/dtmf` (`5`). */
export interface InfoDigit {
  readonly digit: string;
  readonly durationMs: number;
}

const DIGITS = '0123456789*#ABCD';
const DURATION_DEFAULT_MS = 160;

/** @returns the digit; null when the body holds none */
export function digitOf(contentType: string, body: string): InfoDigit | null {
  const type = contentType.split(';')[0]?.trim().toLowerCase();
  if (type === 'application/dtmf') return digit(body.trim(), DURATION_DEFAULT_MS);
  if (type !== 'application/dtmf-relay') return null;
  let signal = '';
  let durationMs = DURATION_DEFAULT_MS;
  for (const line of body.split('\n').slice(0, 10)) {
    const [name = '', value = ''] = line.split('=', 2).map((part) => part.trim());
    if (name.toLowerCase() === 'signal') signal = value;
    if (name.toLowerCase() === 'duration') durationMs = Number(value);
  }
  return digit(signal, durationMs);
}

function digit(signal: string, durationMs: number): InfoDigit | null {
  const one = signal === '10' ? '*' : signal === '11' ? '#' : signal.toUpperCase();
  if (one.length !== 1 || !DIGITS.includes(one)) return null;
  const sane = durationMs >= 40 && durationMs <= 5_000;
  return { digit: one, durationMs: sane ? durationMs : DURATION_DEFAULT_MS };
}
