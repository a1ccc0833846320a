/** Event codes 0…15 of a telephone's keys (RFC 4733 §3.2, table 3), by their place. */
export const DIGITS = '0123456789*#ABCD';

/** Bytes of one telephone-event (RFC 4733 §2.3): event, E R volume, duration. */
export const TELEPHONE_EVENT_BYTES = 4;

/** The longest duration that one event can say, ticks; longer ones go on in a further segment (§2.5.1.3). */
export const EVENT_DURATION_MAX = 0xffff;
