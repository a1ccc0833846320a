/** The messages of a gateway and of a phone as SIPp sends them; `[…]` are SIPp's own words. */

export interface LineCaller {
  /** From, without its tag. */
  readonly from: string;
  readonly headers?: readonly string[];
}

const WITHHELD = '<sip:anonymous@anonymous.invalid>';
/** Who calls over a Japanese line, as a home gateway says it (TTC JJ-90.22). */
export const CALLERS: Readonly<
  Record<'number' | 'withheld' | 'payphone' | 'otherService' | 'unavailable', LineCaller>
> = {
  number: { from: '"09000001234" <sip:09000001234@[local_ip]>' },
  withheld: { from: `"Anonymous" ${WITHHELD}` },
  payphone: { from: `"Coin line/payphone" ${WITHHELD}` },
  otherService: { from: `"Interaction with other service" ${WITHHELD}` },
  unavailable: { from: `"Unavailable" ${WITHHELD}` },
};

export interface LineCallOptions {
  readonly caller?: LineCaller;
  /** Short header names, as the NGN's old equipment writes them (RFC 3261 §7.3.3). */
  readonly compact?: boolean;
  /** Further lines of the INVITE's head. */
  readonly headers?: readonly string[];
  /** `none`: the answer's SDP is the offer (RFC 3261 §13.2.1). */
  readonly offer?: 'audio' | 'none';
  /** Further lines at the end of the SDP. */
  readonly sdp?: readonly string[];
  /** Payload types on the m line; 0 and 101 unless told. */
  readonly formats?: string;
}

const SHORT: Readonly<Record<string, string>> = {
  Via: 'v',
  From: 'f',
  To: 't',
  'Call-ID': 'i',
  Contact: 'm',
  'Content-Type': 'c',
  'Content-Length': 'l',
  Supported: 'k',
  'Session-Expires': 'x',
};

/** The called number of the shop. */
export const SHOP_NUMBER = '0300001111';

export const sdp = (formats = '0 101', more: readonly string[] = []): readonly string[] => [
  'v=0',
  'o=- 1 1 IN IP4 [local_ip]',
  's=-',
  'c=IN IP4 [local_ip]',
  't=0 0',
  `m=audio [rtp_port] RTP/AVP ${formats}`,
  'a=rtpmap:0 PCMU/8000',
  ...(formats.includes('101') ? ['a=rtpmap:101 telephone-event/8000', 'a=fmtp:101 0-15'] : []),
  'a=ptime:20',
  ...more,
];

/** One call that a gateway makes to the box; each method writes one request of its dialog. */
export class LineCall {
  readonly #options: LineCallOptions;

  constructor(options: LineCallOptions = {}) {
    this.#options = options;
  }

  invite(): readonly string[] {
    const { caller = CALLERS.number, headers = [], offer = 'audio', formats } = this.#options;
    const body = offer === 'audio' ? sdp(formats, this.#options.sdp) : [];
    const more = [
      'Contact: <sip:[local_ip]:[local_port]>',
      'Allow: INVITE, ACK, BYE, CANCEL, PRACK, UPDATE, OPTIONS',
      `P-Called-Party-ID: <sip:${SHOP_NUMBER}@ngn.invalid>`,
      ...(caller.headers ?? []),
      ...headers,
    ];
    return this.#request('INVITE', 1, { toTag: false, branch: 'invite', headers: more, body });
  }

  /** @param cSeq of the INVITE it belongs to */
  ack(cSeq = 1): readonly string[] {
    const options = { toTag: true, branch: `ack${cSeq}`, method: 'ACK' };
    return this.#request('ACK', cSeq, options);
  }

  /** For a refused INVITE: the very branch of it (RFC 3261 §17.1.1.3). */
  ackRefusal(): readonly string[] {
    return this.#request('ACK', 1, { toTag: true, branch: 'invite', toService: true });
  }

  cancel(): readonly string[] {
    return this.#request('CANCEL', 1, { toTag: false, branch: 'invite' });
  }

  bye(cSeq = 2): readonly string[] {
    return this.inDialog('BYE', cSeq, ['Reason: Q.850;cause=16']);
  }

  inDialog(
    method: string,
    cSeq: number,
    headers: readonly string[] = [],
    body: readonly string[] = [],
  ): readonly string[] {
    return this.#request(method, cSeq, { toTag: true, branch: `${method}${cSeq}`, headers, body });
  }

  #request(
    method: string,
    cSeq: number,
    options: {
      readonly toTag: boolean;
      readonly branch: string;
      readonly headers?: readonly string[];
      readonly body?: readonly string[];
      readonly toService?: boolean;
    },
  ): readonly string[] {
    const { caller = CALLERS.number, compact = false } = this.#options;
    const { toTag, branch, headers = [], body = [], toService = false } = options;
    const inDialog = toTag && !toService;
    const uri = inDialog ? '[next_url]' : 'sip:[service]@[remote_ip]:[remote_port]';
    const head = [
      `Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=z9hG4bK[pid]x[call_number]${branch}`,
      ...(inDialog ? ['[routes]'] : []),
      'Max-Forwards: 70',
      `From: ${caller.from};tag=[pid]g[call_number]`,
      `To: <sip:${SHOP_NUMBER}@[remote_ip]>${toTag ? '[peer_tag_param]' : ''}`,
      'Call-ID: [call_id]',
      `CSeq: ${cSeq} ${method}`,
      ...headers,
      ...(body.length > 0 ? ['Content-Type: application/sdp'] : []),
      'Content-Length: [len]',
    ];
    const lines = compact ? head.map(shorten) : head;
    return [`${method} ${uri} SIP/2.0`, ...lines, '', ...body];
  }
}

function shorten(line: string): string {
  const colon = line.indexOf(':');
  const short = SHORT[line.slice(0, colon)];
  return short === undefined ? line : `${short}${line.slice(colon)}`;
}

/** An answer to the request that came last. @param toTag the dialog's; none for what repeats the request's To */
export function answer(
  status: number,
  reason: string,
  more: {
    readonly toTag?: string;
    readonly headers?: readonly string[];
    readonly body?: readonly string[];
  } = {},
): readonly string[] {
  const { toTag, headers = [], body = [] } = more;
  return [
    `SIP/2.0 ${status} ${reason}`,
    '[last_Via:]',
    '[last_Record-Route:]',
    '[last_From:]',
    `[last_To:]${toTag === undefined ? '' : `;tag=[pid]${toTag}[call_number]`}`,
    '[last_Call-ID:]',
    '[last_CSeq:]',
    'Contact: <sip:peer@[local_ip]:[local_port]>',
    ...headers,
    ...(body.length > 0 ? ['Content-Type: application/sdp'] : []),
    'Content-Length: [len]',
    '',
    ...body,
  ];
}
