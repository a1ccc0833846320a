import {
  paramOf,
  tagOf,
  withParam,
  type HeaderField,
  type NameAddr,
  type SipMessage,
  type SipRequest,
  type SipResponse,
  type SipUri,
} from '../message/sip-message.js';
import type { Endpoint } from '../transport/transport.js';
import type { DialogSnapshot } from './session.js';

/** The state of a dialog as RFC 3261 §12 lists it: all of a snapshot but the session's timer and SDP. */
export type Dialog = Omit<DialogSnapshot, 'sessionTimer' | 'localSdp' | 'remoteSdp'>;

/** What a request carries beyond what the dialog fills in. */
export interface RequestContent {
  readonly headers?: readonly HeaderField[];
  /** `application/sdp` unless `contentType` says otherwise; null or absent: no body. */
  readonly body?: string | null;
  readonly contentType?: string;
  /** Our Contact; null where the method forms no dialog and refreshes no target. */
  readonly contact?: SipUri | null;
}

/** The default port of sip URIs (RFC 3261 §19.1.2). */
const SIP_PORT = 5060;
/** A CSeq stays below 2^31 (RFC 3261 §8.1.1.5). */
const CSEQ_MAX = 2 ** 31 - 1;

/**
 * The dialog that a response with a To-tag makes at the UAC (RFC 3261 §12.1.2).
 * @param peer where the request went
 */
export function uacDialog(request: SipRequest, response: SipResponse, peer: Endpoint): Dialog {
  return {
    role: 'uac',
    callId: request.callId,
    localTag: tagOf(request.from) ?? '',
    remoteTag: tagOf(response.to) ?? '',
    localUri: request.from,
    remoteUri: response.to,
    remoteTarget: contactOf(response) ?? request.uri,
    routeSet: response.recordRoute.toReversed(),
    localCSeq: request.cSeq.number,
    remoteCSeq: null,
    peer,
  };
}

/** The early dialog as the 2xx confirms it: route set and target come anew from the 2xx (RFC 3261 §13.2.2.4). */
export function confirmedUacDialog(
  early: Dialog,
  request: SipRequest,
  success: SipResponse,
): Dialog {
  const fresh = uacDialog(request, success, early.peer);
  return {
    ...fresh,
    localCSeq: Math.max(fresh.localCSeq, early.localCSeq),
    remoteCSeq: early.remoteCSeq,
  };
}

/** The dialog that an INVITE makes at the UAS (RFC 3261 §12.1.1). */
export function uasDialog(request: SipRequest, localTag: string, source: Endpoint): Dialog {
  return {
    role: 'uas',
    callId: request.callId,
    localTag,
    // RFC 2543 peers have no From tag: an empty one (RFC 3261 §12.1.1).
    remoteTag: tagOf(request.from) ?? '',
    localUri: { ...request.to, params: withParam(request.to.params, 'tag', localTag) },
    remoteUri: request.from,
    remoteTarget: contactOf(request) ?? request.from.uri,
    routeSet: request.recordRoute,
    localCSeq: 0,
    remoteCSeq: request.cSeq.number,
    peer: source,
  };
}

/**
 * Takes a request in the dialog (RFC 3261 §12.2.2).
 * @returns the dialog with its remote CSeq moved on, or null when the request is older than one before: answer 500
 */
export function receiveInDialog(dialog: Dialog, request: SipRequest): Dialog | null {
  const { number } = request.cSeq;
  if (dialog.remoteCSeq !== null && number < dialog.remoteCSeq) return null;
  return { ...dialog, remoteCSeq: number };
}

/** Target refresh by the Contact of a re-INVITE, an UPDATE, or a 2xx to one (RFC 3261 §12.2, RFC 3311 §5.1). */
export function refreshTarget(dialog: Dialog, message: SipMessage): Dialog {
  const target = contactOf(message);
  return target === undefined ? dialog : { ...dialog, remoteTarget: target };
}

/** The next request of ours in the dialog, its CSeq one up (RFC 3261 §12.2.1.1). */
export function requestInDialog(
  dialog: Dialog,
  method: string,
  content: RequestContent,
): readonly [Dialog, SipRequest] {
  const localCSeq = Math.min(dialog.localCSeq + 1, CSEQ_MAX);
  return [{ ...dialog, localCSeq }, buildRequest(dialog, { method, number: localCSeq }, content)];
}

/** The ACK of a 2xx: the CSeq number of its INVITE (RFC 3261 §13.2.2.4). */
export function ackInDialog(
  dialog: Dialog,
  inviteCSeq: number,
  content: RequestContent,
): SipRequest {
  return buildRequest(dialog, { method: 'ACK', number: inviteCSeq }, content);
}

/** @returns the URI whose host the next request goes to (RFC 3261 §8.1.2, §12.2.1.1) */
export function nextHopUri(dialog: Dialog): SipUri {
  return dialog.routeSet[0]?.uri ?? dialog.remoteTarget;
}

/**
 * Where a URI leads without DNS: its IP address and port; for a name, where the peer was met, since a gateway's
 * Contact may name a host that only its own network knows.
 */
export function literalNextHop(uri: SipUri, peer: Endpoint): Endpoint {
  const host = uri.params.find((param) => param.name === 'maddr')?.value ?? uri.host;
  if (!isIpLiteral(host)) return peer;
  const wanted = paramOf(uri.params, 'transport')?.toUpperCase();
  const transport = wanted === 'TCP' || wanted === 'UDP' ? wanted : peer.transport;
  const address = host.startsWith('[') ? host.slice(1, -1) : host;
  return { transport, address, port: uri.port ?? SIP_PORT };
}

/** @returns the URI of the first Contact; undefined when there is none */
export function contactOf(message: SipMessage): SipUri | undefined {
  return message.contacts === '*' ? undefined : message.contacts[0]?.uri;
}

function isIpLiteral(host: string): boolean {
  if (host.startsWith('[') && host.endsWith(']')) return true;
  const parts = host.split('.');
  return (
    parts.length === 4 && parts.every((part) => /^[0-9]{1,3}$/.test(part) && Number(part) <= 255)
  );
}

function buildRequest(
  dialog: Dialog,
  cSeq: SipRequest['cSeq'],
  content: RequestContent,
): SipRequest {
  const { uri, route } = routing(dialog);
  const { contact = null, headers = [], body = null } = content;
  return {
    kind: 'request',
    method: cSeq.method,
    uri,
    maxForwards: 70,
    via: [],
    from: dialog.localUri,
    to: dialog.remoteUri,
    callId: dialog.callId,
    cSeq,
    contacts: contact === null ? [] : [{ displayName: '', uri: contact, params: [] }],
    route,
    recordRoute: [],
    headers: withContentType(headers, body, content.contentType),
    body: Buffer.from(body ?? ''),
  };
}

/** @returns `headers` and the type of `body` where there is one */
export function withContentType(
  headers: readonly HeaderField[],
  body: string | null,
  contentType = 'application/sdp',
): readonly HeaderField[] {
  return body === null ? headers : [...headers, { name: 'Content-Type', value: contentType }];
}

/** Loose routing, or strict when the first proxy has no `lr` (RFC 3261 §12.2.1.1). */
function routing(dialog: Dialog): {
  readonly uri: SipUri;
  readonly route: readonly NameAddr[];
} {
  const [first, ...rest] = dialog.routeSet;
  if (first === undefined) return { uri: dialog.remoteTarget, route: [] };
  if (paramOf(first.uri.params, 'lr') !== undefined) {
    return { uri: dialog.remoteTarget, route: dialog.routeSet };
  }
  const last: NameAddr = { displayName: '', uri: dialog.remoteTarget, params: [] };
  // A `method` parameter and URI headers may not stand in a Request-URI (RFC 3261 §19.1.1).
  const params = first.uri.params.filter((param) => param.name !== 'method');
  return { uri: { ...first.uri, params, headers: '' }, route: [...rest, last] };
}
