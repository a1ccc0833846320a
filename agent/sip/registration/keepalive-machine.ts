/**
 * Whether the gateway is there, asked by OPTIONS (RFC 3261 §11).
 *
 *   unknown --answered--> up --missed × 3--> down --answered--> up
 *      \------missed × 3--------------------> down
 */
export interface KeepaliveState {
  readonly name: 'unknown' | 'up' | 'down';
  /** Questions in a row without an answer. */
  readonly misses: number;
}

export type KeepaliveEvent = 'answered' | 'missed';

export type KeepaliveStep = readonly [next: KeepaliveState, told: 'lineUp' | 'lineDown' | null];

/** One lost datagram, repeated for 32 s, is no outage; three questions in a row are. */
export const MISSES_MAX = 3;

export const KEEPALIVE_UNKNOWN: KeepaliveState = { name: 'unknown', misses: 0 };

export function step(state: KeepaliveState, event: KeepaliveEvent): KeepaliveStep {
  if (event === 'answered') {
    return [{ name: 'up', misses: 0 }, state.name === 'up' ? null : 'lineUp'];
  }
  const misses = Math.min(state.misses + 1, MISSES_MAX);
  if (misses < MISSES_MAX || state.name === 'down') return [{ ...state, misses }, null];
  return [{ name: 'down', misses }, 'lineDown'];
}
