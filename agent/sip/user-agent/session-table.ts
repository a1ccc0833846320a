import type { Clock, Timer } from '../../../base/index.js';
import { GIVE_UP_MS, type Session } from '../dialog/index.js';

/** Ended sessions still remembered; beyond, the oldest is forgotten. */
export const LINGERING_MAX = 256;

/**
 * The sessions of a user agent by Call-ID and our tag. An ended one stays for 64*T1: a crossing BYE gets its 200, a
 * repeated 2xx its ACK (RFC 3261 §13.2.2.4, RFC 5407 §3.2).
 */
export class SessionTable {
  readonly #clock: Clock;
  readonly #all = new Map<string, Session>();
  readonly #lingering = new Map<string, Timer>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Sessions not ended. */
  get size(): number {
    return this.#all.size - this.#lingering.size;
  }

  *live(): Generator<Session> {
    for (const session of this.#all.values()) if (session.state !== 'ended') yield session;
  }

  find(callId: string, localTag: string): Session | undefined {
    return this.#all.get(keyOf(callId, localTag));
  }

  add(callId: string, localTag: string, session: Session): void {
    this.#all.set(keyOf(callId, localTag), session);
  }

  /** The session ended. */
  retire(callId: string, localTag: string): void {
    const key = keyOf(callId, localTag);
    if (this.#lingering.has(key)) return;
    const [oldest] = this.#lingering.keys();
    if (oldest !== undefined && this.#lingering.size >= LINGERING_MAX) this.#forget(oldest);
    const timer = this.#clock.after(GIVE_UP_MS, () => this.#forget(key));
    this.#lingering.set(key, timer);
  }

  clear(): void {
    for (const timer of this.#lingering.values()) timer.cancel();
    this.#lingering.clear();
    this.#all.clear();
  }

  #forget(key: string): void {
    this.#lingering.get(key)?.cancel();
    this.#lingering.delete(key);
    this.#all.delete(key);
  }
}

/** A Call-ID has no blank (RFC 3261 §25.1), so the pair is unambiguous. */
const keyOf = (callId: string, localTag: string): string => `${callId} ${localTag}`;
