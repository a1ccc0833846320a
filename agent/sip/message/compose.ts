import { reasonPhrase } from './reason-phrase.js';
import {
  headersOf,
  tagOf,
  withParam,
  type HeaderField,
  type NameAddr,
  type SipRequest,
  type SipResponse,
} from './sip-message.js';

const NO_BODY = new Uint8Array(0);
const DEFAULT_MAX_FORWARDS = 70;

/** Methods whose 1xx and 2xx form a dialog, so that the route goes back in Record-Route (RFC 3261 §12.1.1, RFC 6665). */
const DIALOG_FORMING: ReadonlySet<string> = new Set(['INVITE', 'SUBSCRIBE', 'REFER', 'NOTIFY']);

export interface ResponseOptions {
  /** The standard phrase of the status unless told. */
  readonly reason?: string;
  /** Put on To when the request had none there (RFC 3261 §8.2.6.2). Required for all but 100. */
  readonly toTag?: string;
  readonly headers?: readonly HeaderField[];
  readonly contacts?: readonly NameAddr[];
  /** Its Content-Type goes into `headers`. */
  readonly body?: Uint8Array;
}

/** A response as RFC 3261 §8.2.6 wants it: Via, From, To, Call-ID, CSeq copied; Record-Route where a dialog may form. */
export function responseTo(
  request: SipRequest,
  status: number,
  options: ResponseOptions = {},
): SipResponse {
  const isForming = status > 100 && status < 300 && DIALOG_FORMING.has(request.method);
  const timestamps = status === 100 ? headersOf(request, 'Timestamp') : [];
  const needsTag = options.toTag !== undefined && tagOf(request.to) === undefined;
  return {
    kind: 'response',
    status,
    reason: options.reason ?? reasonPhrase(status),
    via: request.via,
    from: request.from,
    to: needsTag ? withTag(request.to, options.toTag) : request.to,
    callId: request.callId,
    cSeq: request.cSeq,
    contacts: options.contacts ?? [],
    route: [],
    recordRoute: isForming ? request.recordRoute : [],
    headers: [
      ...timestamps.map((value) => ({ name: 'Timestamp', value })),
      ...(options.headers ?? []),
    ],
    body: options.body ?? NO_BODY,
  };
}

/** @returns the address with this tag */
export function withTag(address: NameAddr, tag: string): NameAddr {
  return { ...address, params: withParam(address.params, 'tag', tag) };
}

/** What a CANCEL and the ACK of a non-2xx share with their INVITE: its Request-URI, its topmost Via alone, its route. */
function hopByHop(invite: SipRequest, method: 'ACK' | 'CANCEL'): SipRequest {
  return {
    ...invite,
    method,
    via: invite.via.slice(0, 1),
    cSeq: { number: invite.cSeq.number, method },
    contacts: [],
    recordRoute: [],
    headers: [],
    maxForwards: DEFAULT_MAX_FORWARDS,
    body: NO_BODY,
  };
}

/** The ACK of a final response 300…699 (RFC 3261 §17.1.1.3): To with the tag of that response. */
export function ackFor(invite: SipRequest, response: SipResponse): SipRequest {
  return { ...hopByHop(invite, 'ACK'), to: response.to };
}

/** The CANCEL of a sent INVITE (RFC 3261 §9.1). @param headers for instance a Reason (RFC 3326) */
export function cancelFor(invite: SipRequest, headers: readonly HeaderField[] = []): SipRequest {
  return { ...hopByHop(invite, 'CANCEL'), headers };
}
