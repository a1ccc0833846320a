/**
 * How far `to` is ahead of `from` on the 16-bit circle of sequence numbers.
 * @returns −32768…32767; negative when `to` is behind
 * @see RFC 1982 §3.2, RFC 3550 §5.1
 */
export function sequenceDistance(from: number, to: number): number {
  return ((to - from) << 16) >> 16;
}

/**
 * How far `to` is ahead of `from` on the 32-bit circle of RTP timestamps.
 * @returns −2^31…2^31−1 ticks; negative when `to` is behind
 */
export function timestampDistance(from: number, to: number): number {
  return (to - from) | 0;
}
