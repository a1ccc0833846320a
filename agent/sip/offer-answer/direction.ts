import type { Direction } from './media-description.js';

const canSend = (direction: Direction): boolean =>
  direction === 'sendrecv' || direction === 'sendonly';
const canReceive = (direction: Direction): boolean =>
  direction === 'sendrecv' || direction === 'recvonly';

const directionOf = (send: boolean, receive: boolean): Direction => {
  if (send) return receive ? 'sendrecv' : 'sendonly';
  return receive ? 'recvonly' : 'inactive';
};

/** The same stream seen from the other end: their sendonly is our recvonly (RFC 3264 §6.1). */
export function mirror(direction: Direction): Direction {
  return directionOf(canReceive(direction), canSend(direction));
}

/** What both allow. */
export function narrow(a: Direction, b: Direction): Direction {
  return directionOf(canSend(a) && canSend(b), canReceive(a) && canReceive(b));
}
