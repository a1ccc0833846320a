/** RFC 3261 §17.1.1.1, §17.1.2.2: round-trip estimate and the longest interval between repeats, ms. */
export const T1_MS = 500;
export const T2_MS = 4_000;
/** How long one side waits for the other's answer, ms: 32 s. */
export const GIVE_UP_MS = 64 * T1_MS;
/** A fresh 1xx while ringing, ms: a proxy's Timer C must not run out (RFC 3261 §13.3.1.1). */
export const RING_REPEAT_MS = 60_000;
