import { parseNameAddrList } from '../sip/index.js';
import { headersOf, tokensOf, type NameAddr, type SipRequest } from '../sip/index.js';
import { normaliseNumber } from './digits.js';
import type { Line } from './line-config.js';

/** Why no number came (TTC JJ-90.22). */
export type NumberlessReason = 'withheld' | 'payphone' | 'unavailable' | 'otherService';

/** Who calls. */
export type Caller =
  /** National digits (`09000001234`), `+…` from abroad, or the single digit of an extension of the gateway. */
  | { readonly kind: 'number'; readonly number: string; readonly displayName: string }
  | { readonly kind: NumberlessReason };

/** TTC JJ-90.22: the display name of an anonymous From says why; compared without case. */
const REASONS: Readonly<Record<string, NumberlessReason>> = {
  anonymous: 'withheld',
  'coin line/payphone': 'payphone',
  unavailable: 'unavailable',
  'interaction with other service': 'otherService',
};

/** Longest display name that is kept, characters. */
const DISPLAY_NAME_LENGTH_MAX = 64;

/** Whose name and patterns tell a number from none. */
export type CallerRules = Pick<Line, 'profile' | 'user'>;

/**
 * Says who calls, in the order of TTC JJ-90.22: Privacy, P-Asserted-Identity, display name of From, user of From.
 * @param fromGateway whether the INVITE came from the gateway's address: P-Asserted-Identity counts only then (RFC 3325 §5)
 */
export function identifyCaller(
  invite: SipRequest,
  rules: CallerRules,
  fromGateway: boolean,
): Caller {
  const reason = reasonOf(invite.from);
  // Whoever wants privacy gets it, even where a P-Asserted-Identity tells us more (RFC 3325 §9.3).
  if (wantsPrivacy(invite)) return { kind: reason ?? 'withheld' };
  const asserted = fromGateway ? assertedIdentities(invite) : [];
  for (const identity of asserted) {
    const caller = callerOf(identity, rules);
    if (caller.kind === 'number') return caller;
  }
  return reason === null ? callerOf(invite.from, rules) : { kind: reason };
}

/** RFC 3323 §4.2: any of these hides the caller; `none` and `critical` alone do not. */
function wantsPrivacy(invite: SipRequest): boolean {
  return tokensOf(invite, 'Privacy')
    .flatMap((value) => value.toLowerCase().split(';'))
    .some((token) => ['id', 'user', 'header', 'session'].includes(token.trim()));
}

function assertedIdentities(invite: SipRequest): readonly NameAddr[] {
  return headersOf(invite, 'P-Asserted-Identity').flatMap(
    (value) => parseNameAddrList(value) ?? [],
  );
}

function reasonOf(from: NameAddr): NumberlessReason | null {
  return REASONS[from.displayName.trim().toLowerCase()] ?? null;
}

function callerOf(identity: NameAddr, { profile, user: ownUser }: CallerRules): Caller {
  const user = identity.uri.user.trim();
  const displayName = identity.displayName.trim().slice(0, DISPLAY_NAME_LENGTH_MAX);
  const isOwn = profile.ownUserIsWithheld && user.toLowerCase() === ownUser.toLowerCase();
  if (isOwn || /^0*$/.test(user) || profile.withheldUsers.includes(user.toLowerCase())) {
    return { kind: 'withheld' };
  }
  const number = normaliseNumber(user) ?? normaliseNumber(displayName);
  if (number === null || /^\+?0*$/.test(number)) return { kind: 'unavailable' };
  return { kind: 'number', number, displayName };
}
