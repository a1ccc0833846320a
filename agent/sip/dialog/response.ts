import { responseTo } from '../message/compose.js';
import {
  headerOf,
  type HeaderField,
  type SipMessage,
  type SipRequest,
  type SipResponse,
  type SipUri,
} from '../message/sip-message.js';
import { withContentType } from './dialog.js';

export interface ResponseContent {
  readonly reason?: string;
  readonly headers?: readonly HeaderField[];
  readonly sdp?: string | null;
  readonly contact?: SipUri | null;
  /** Goes into To unless it has a tag already (RFC 3261 §8.2.6.2). */
  readonly localTag?: string;
}

/** Builds the response to a request, with its SDP and our Contact where there are any. */
export function respondTo(
  request: SipRequest,
  status: number,
  content: ResponseContent = {},
): SipResponse {
  const { contact = null, localTag, reason, sdp = null } = content;
  return responseTo(request, status, {
    ...(reason === undefined ? {} : { reason }),
    ...(localTag === undefined ? {} : { toTag: localTag }),
    contacts: contact === null ? [] : [{ displayName: '', uri: contact, params: [] }],
    headers: withContentType(content.headers ?? [], sdp),
    body: Buffer.from(sdp ?? ''),
  });
}

/** @returns the SDP in a message; null when it has none */
export function sdpOf(message: SipMessage): string | null {
  if (message.body.length === 0 || contentTypeOf(message) !== 'application/sdp') return null;
  return textOf(message);
}

/** @returns the media type without parameters, lower case; empty when there is none */
export function contentTypeOf(message: SipMessage): string {
  return (headerOf(message, 'Content-Type') ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}

/** @returns the body as UTF-8 */
export function textOf(message: SipMessage): string {
  return Buffer.from(message.body).toString('utf8');
}
