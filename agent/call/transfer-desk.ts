/** Transfers and pick-ups that the shop's phones ask for: finds the calls that a REFER or Replaces names. */
import type { Binding, IncomingSession, Replaces, SessionEvent } from '../sip/index.js';
import { attendedTransfer, findDialog, findEarlyCall, pickUp } from './attended-transfer.js';
import type { PartyId } from './call-state.js';
import { legOf } from './call-steps.js';
import type { Phone } from './invitations.js';
import type { LiveCall } from './live-call.js';

export interface TransferDeskOptions {
  readonly phones: readonly Phone[];
  contactsOf(extension: string): readonly Binding[];
  calls(): Iterable<LiveCall>;
}

type Refer = Extract<SessionEvent, { name: 'refer' }>;

export class TransferDesk {
  readonly #options: TransferDeskOptions;

  constructor(options: TransferDeskOptions) {
    this.#options = options;
  }

  onRefer(call: LiveCall, party: PartyId, refer: Refer): void {
    const leg = legOf(call.state, party);
    // The line transfers nothing of the shop's.
    if (leg?.speaker !== 'staff') return call.rejectRefer(party, refer.id, 403);
    const { replaces } = refer;
    const found = replaces === null ? null : findDialog(this.#options.calls(), replaces);
    if (found !== null) {
      const outcome = attendedTransfer({ call, party, referId: refer.id }, found);
      if (outcome === 'done') return;
      if (outcome === 'refused') return call.rejectRefer(party, refer.id, 403);
    }
    const extension = refer.to.user;
    const known = this.#options.phones.some((phone) => phone.extension === extension);
    if (!known) return call.rejectRefer(party, refer.id, 404);
    if (this.isOnlyItself(leg.who, extension)) return call.rejectRefer(party, refer.id, 403);
    // Semi-attended: the other phone still rings for the one who transfers; it rings for the caller instead.
    const own = replaces === null ? null : findEarlyCall(this.#options.calls(), replaces);
    own?.dispatch({ name: 'hangUp' });
    call.dispatch({ name: 'refer', party, referId: refer.id, extension });
  }

  /** An INVITE with Replaces. @param extension whose phone it is from; null: the line's */
  onReplaces(session: IncomingSession, replaces: Replaces, extension: string | null): void {
    const found = findDialog(this.#options.calls(), replaces);
    if (found === null || extension === null) return session.reject(481);
    pickUp(session, extension, found);
  }

  /** Whether a phone calls itself; an extension with a second handset is another matter. */
  isOnlyItself(from: string, to: string): boolean {
    return from === to && this.#options.contactsOf(to).length < 2;
  }
}
