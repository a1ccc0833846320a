import { paramOf, withParam, type SipMessage, type Via } from '../message/sip-message.js';
import type { Endpoint } from './transport.js';

/** RFC 3261 §18.1.1. */
export const SIP_PORT = 5060;

/** How a peer wants its answers. */
export interface ReplyPolicy {
  /**
   * `symmetric`: to the source port when its Via asks for it with `rport` (RFC 3581), else to the Via's port (RFC 3261
   * §18.2.2). `via`: to the Via's port, whatever it asks. `fixed5060`: to port 5060, whatever its Via says. The last two
   * also leave the Via as it came: old gateways break on `received=`.
   */
  readonly rport: 'symmetric' | 'via' | 'fixed5060';
}

/** @returns an address as it stands in a URI or Via: IPv6 in brackets */
export function hostOf(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}

/** @returns the message with `received` and `rport` noted in the topmost Via of a request (RFC 3261 §18.2.1, RFC 3581 §4) */
export function noteSource(message: SipMessage, from: Endpoint, policy: ReplyPolicy): SipMessage {
  const [top, ...lower] = message.via;
  if (message.kind === 'response' || top === undefined) return message;
  return { ...message, via: [noteInVia(top, from, policy), ...lower] };
}

export function noteInVia(via: Via, from: Endpoint, policy: ReplyPolicy): Via {
  if (policy.rport !== 'symmetric') return via;
  const asksRport = paramOf(via.params, 'rport') !== undefined;
  if (!asksRport && via.host === hostOf(from.address)) return via;
  const params = asksRport ? withParam(via.params, 'rport', String(from.port)) : via.params;
  return { ...via, params: withParam(params, 'received', from.address) };
}

/**
 * @param source where the request came from
 * @returns where its answer goes (RFC 3261 §18.2.2). Always to the address it came from: another one would let a stranger
 *   aim our answers at a third party. On TCP: the connection it came by.
 */
export function replyTarget(via: Via, source: Endpoint, policy: ReplyPolicy): Endpoint {
  if (source.transport === 'TCP') return source;
  if (policy.rport === 'fixed5060') return { ...source, port: SIP_PORT };
  const isSymmetric = policy.rport === 'symmetric' && paramOf(via.params, 'rport') !== undefined;
  return isSymmetric ? source : { ...source, port: via.port ?? SIP_PORT };
}
