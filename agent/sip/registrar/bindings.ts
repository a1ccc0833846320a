import {
  paramOf,
  type CSeq,
  type NameAddr,
  type Param,
  type SipUri,
} from '../message/sip-message.js';
import { isSipUriEqual } from '../message/sip-uri.js';
import { isSameEndpoint, type Endpoint } from '../transport/transport.js';

/** One address at which a phone can be reached (RFC 3261 §10). A plain value. */
export interface Binding {
  /** As the phone wrote it, to be used verbatim as Request-URI. */
  readonly contact: SipUri;
  /** Parameters of the Contact besides `expires` and `q`. */
  readonly params: readonly Param[];
  /** 0…1; 1 when the phone gave none. */
  readonly q: number;
  /** Where requests for it go: see `reachableAt`. */
  readonly target: Endpoint;
  readonly callId: string;
  readonly cSeq: number;
  /** On the monotonic clock. */
  readonly expiresAtMs: number;
}

export interface BindingLimits {
  /** Shorter than this is answered 423 (RFC 3261 §10.3). */
  readonly expiresMinS: number;
  /** Longer is cut to this. */
  readonly expiresMaxS: number;
  /** What a phone gets that asks for no time. */
  readonly expiresDefaultS: number;
  readonly contactsMax: number;
}

/** 60 s is what baresip asks for in its usual settings. */
export const BINDING_LIMITS: BindingLimits = {
  expiresMinS: 60,
  expiresMaxS: 3_600,
  expiresDefaultS: 3_600,
  contactsMax: 10,
};

/** What of a REGISTER concerns the bindings. */
export interface RegisterFacts {
  readonly contacts: readonly NameAddr[] | '*';
  /** The Expires header, as text. */
  readonly expires: string | undefined;
  readonly callId: string;
  readonly cSeq: CSeq;
  readonly source: Endpoint;
  readonly nowMs: number;
}

export type RegisterOutcome =
  | { readonly kind: 'done'; readonly bindings: readonly Binding[] }
  | { readonly kind: 'tooBrief'; readonly minExpiresS: number }
  | { readonly kind: 'refused'; readonly status: 400 | 500 | 503; readonly reason: string };

const refused = (status: 400 | 500 | 503, reason: string): RegisterOutcome => ({
  kind: 'refused',
  status,
  reason,
});

/**
 * Applies one REGISTER wholly or not at all (RFC 3261 §10.3 steps 6 and 7).
 * @param bindings those of the address of record, none of them expired
 */
export function applyRegister(
  bindings: readonly Binding[],
  facts: RegisterFacts,
  limits: BindingLimits,
): RegisterOutcome {
  if (facts.contacts === '*') return removeAll(bindings, facts);
  let next = bindings;
  for (const contact of facts.contacts) {
    if (contact.uri.scheme !== 'sip') return refused(400, 'Contact Is Not A SIP URI');
    const known = bindings.find((binding) => isSipUriEqual(binding.contact, contact.uri));
    if (known !== undefined && isOutOfOrder(known, facts)) {
      return refused(500, 'CSeq Out Of Order');
    }
    const expiresS = expiresOf(contact, facts.expires, limits);
    if (expiresS > 0 && expiresS < limits.expiresMinS) {
      return { kind: 'tooBrief', minExpiresS: limits.expiresMinS };
    }
    next = next.filter((binding) => !isSipUriEqual(binding.contact, contact.uri));
    if (expiresS > 0) next = [...next, bindingOf(contact, expiresS, facts)];
  }
  next = next.filter((binding) => !isSupplanted(binding, facts, next));
  return next.length > limits.contactsMax
    ? refused(503, 'Too Many Contacts')
    : { kind: 'done', bindings: next };
}

function removeAll(bindings: readonly Binding[], facts: RegisterFacts): RegisterOutcome {
  if (facts.expires?.trim() !== '0') return refused(400, 'Contact * Needs Expires 0');
  return bindings.some((binding) => isOutOfOrder(binding, facts))
    ? refused(500, 'CSeq Out Of Order')
    : { kind: 'done', bindings: [] };
}

/** RFC 3261 §10.3 step 7: within one Call-ID only a higher CSeq is news. */
function isOutOfOrder(binding: Binding, facts: RegisterFacts): boolean {
  return binding.callId === facts.callId && facts.cSeq.number <= binding.cSeq;
}

/**
 * One socket is one phone: when a phone restarts and comes with a new Contact from the same socket (baresip invents a user
 * part at each start), its old one is dead, and would ring into nothing until it expired.
 */
function isSupplanted(binding: Binding, facts: RegisterFacts, all: readonly Binding[]): boolean {
  if (binding.callId === facts.callId) return false;
  return all.some(
    (other) =>
      other.callId === facts.callId &&
      other.cSeq === facts.cSeq.number &&
      isSameEndpoint(other.target, binding.target),
  );
}

function bindingOf(contact: NameAddr, expiresS: number, facts: RegisterFacts): Binding {
  return {
    contact: contact.uri,
    params: contact.params.filter(({ name }) => name !== 'expires' && name !== 'q'),
    q: qOf(contact),
    target: reachableAt(contact.uri, facts.source),
    callId: facts.callId,
    cSeq: facts.cSeq.number,
    expiresAtMs: facts.nowMs + expiresS * 1_000,
  };
}

/**
 * Where requests to a contact are sent. The address that the REGISTER came from always wins: linphone's Contact names an
 * interface that we may not reach. The port is the Contact's only when it names that very address, and only on UDP: a phone
 * may send from another port than it listens on, but a TCP connection is used in both directions.
 */
export function reachableAt(contact: SipUri, source: Endpoint): Endpoint {
  const host = contact.host.replace(/^\[|\]$/g, '');
  if (source.transport === 'TCP' || host !== source.address) return source;
  return { ...source, port: contact.port ?? 5060 };
}

/** @returns seconds; 0 removes. A malformed number is as none (RFC 3261 §10.2.1.1) */
function expiresOf(contact: NameAddr, header: string | undefined, limits: BindingLimits): number {
  const text = paramOf(contact.params, 'expires') ?? header;
  const wanted = /^\d{1,10}$/.test(text?.trim() ?? '') ? Number(text) : limits.expiresDefaultS;
  return Math.min(wanted, limits.expiresMaxS);
}

function qOf(contact: NameAddr): number {
  const q = Number(paramOf(contact.params, 'q') ?? 1);
  return q >= 0 && q <= 1 ? q : 1;
}
