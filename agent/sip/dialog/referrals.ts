import { parseNameAddr } from '../message/name-addr.js';
import { headerOf, headersOf, type SipUri } from '../message/sip-message.js';
import type { ServerTransaction } from '../transaction/transaction-layer.js';
import { parseReplaces } from './replaces.js';
import { respondTo } from './response.js';
import type { SessionCore } from './session-core.js';
import type { Replaces } from './session.js';

/** REFERs of one session not yet settled; more get 500. */
export const REFERRALS_MAX = 4;
/** What NOTIFY says of the life of the implicit subscription, s (RFC 3515 §2.4.4). */
const SUBSCRIPTION_S = 60;

type Referral =
  | { readonly name: 'asked'; readonly transaction: ServerTransaction }
  | { readonly name: 'subscribed' };

/**
 * REFER in the dialog and its implicit subscription (RFC 3515); the id is the REFER's CSeq.
 *
 *   asked --accept (202, NOTIFY 100)--> subscribed --final status (NOTIFY, terminated)--> gone
 *     \--reject--> gone
 */
export class Referrals {
  readonly #core: SessionCore;
  readonly #open = new Map<number, Referral>();

  constructor(core: SessionCore) {
    this.#core = core;
  }

  receive(transaction: ServerTransaction): void {
    const { request } = transaction;
    const [value, ...more] = headersOf(request, 'Refer-To');
    const to = value === undefined || more.length > 0 ? null : parseNameAddr(value);
    const replaces = to === null ? null : replacesIn(to.uri);
    if (to === null || replaces === 'malformed') {
      transaction.respond(respondTo(request, 400));
      return;
    }
    if (this.#open.size >= REFERRALS_MAX) {
      transaction.respond(respondTo(request, 500, { headers: RETRY_AFTER }));
      return;
    }
    const id = request.cSeq.number;
    this.#open.set(id, { name: 'asked', transaction });
    const referredBy = headerOf(request, 'Referred-By') ?? null;
    this.#core.emit({ name: 'refer', id, to: to.uri, replaces, referredBy });
  }

  accept(id: number): void {
    const referral = this.#open.get(id);
    if (referral?.name !== 'asked') return;
    const { request } = referral.transaction;
    referral.transaction.respond(respondTo(request, 202, { contact: this.#core.contact }));
    this.#open.set(id, { name: 'subscribed' });
    this.notify(id, 100, 'Trying');
  }

  notify(id: number, status: number, reason: string): void {
    if (this.#open.get(id)?.name !== 'subscribed') return;
    const isFinal = status >= 200;
    if (isFinal) this.#open.delete(id);
    const state = isFinal ? 'terminated;reason=noresource' : `active;expires=${SUBSCRIPTION_S}`;
    this.#core.client?.send(
      'NOTIFY',
      {
        headers: [
          { name: 'Event', value: `refer;id=${id}` },
          { name: 'Subscription-State', value: state },
        ],
        contact: this.#core.contact,
        body: `SIP/2.0 ${status} ${reason.replaceAll(/[\r\n]+/g, ' ')}\r\n`,
        contentType: 'message/sipfrag;version=2.0',
      },
      {
        onFinal: ({ status: answer }) => {
          // The other side does not want to know (RFC 6665 §4.2.2).
          if (answer >= 300) this.#open.delete(id);
        },
      },
    );
  }

  reject(id: number, status: number): void {
    const referral = this.#open.get(id);
    if (referral?.name !== 'asked') return;
    this.#open.delete(id);
    referral.transaction.respond(respondTo(referral.transaction.request, status));
  }

  close(): void {
    for (const id of this.#open.keys()) this.reject(id, 481);
    this.#open.clear();
  }
}

const RETRY_AFTER = [{ name: 'Retry-After', value: '5' }];

function replacesIn(uri: SipUri): Replaces | null | 'malformed' {
  const field = uri.headers.split('&', 32).find((one) => /^replaces=/i.test(one));
  if (field === undefined) return null;
  try {
    return parseReplaces(decodeURIComponent(field.slice('replaces='.length))) ?? 'malformed';
  } catch {
    // An escape that is none.
    return 'malformed';
  }
}
