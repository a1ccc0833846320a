import type { InviteSession } from '../sip/index.js';
import type { LegId } from './bridge/bridge-protocol.js';
import type { StoredCall } from './call-environment.js';
import type { PartyId } from './call-state.js';

/** One SIP session of a call: which leg it feeds, and who is there. */
export interface PartyLine {
  readonly session: InviteSession;
  readonly legId: LegId;
  readonly who: string;
}

/** The SIP sessions of one call by the names that its machine gives them. */
export class CallParties {
  readonly #lines = new Map<PartyId, PartyLine>();
  #named = 0;

  /** @returns a name that no party of the call has had */
  name(): PartyId {
    this.#named += 1;
    return `p${this.#named}`;
  }

  add(party: PartyId, line: PartyLine): void {
    this.#lines.set(party, line);
  }

  line(party: PartyId): PartyLine | undefined {
    return this.#lines.get(party);
  }

  /** @returns the session while it lives */
  session(party: PartyId): InviteSession | undefined {
    const session = this.#lines.get(party)?.session;
    return session?.state === 'ended' ? undefined : session;
  }

  /** Whoever is still there when the call is over. */
  hangUpAll(): void {
    for (const { session } of this.#lines.values()) session.hangUp();
  }

  remove(party: PartyId): void {
    this.#lines.delete(party);
  }

  find(matches: (session: InviteSession) => boolean): PartyId | null {
    for (const [party, line] of this.#lines) if (matches(line.session)) return party;
    return null;
  }

  /** @returns who talks on a leg; empty while nobody does */
  whoOn(legId: LegId): string {
    for (const line of this.#lines.values()) if (line.legId === legId) return line.who;
    return '';
  }

  /** The dialogs as they are stored. */
  dialogs(): StoredCall['dialogs'] {
    return [...this.#lines].flatMap(([party, { session }]) =>
      session.snapshot === null ? [] : [{ party, dialog: session.snapshot }],
    );
  }
}

/** @returns the SDP of the INVITE that began a session; empty when it had none */
export function offerOf(session: InviteSession): string {
  return Buffer.from(session.invite.body).toString('utf8');
}
