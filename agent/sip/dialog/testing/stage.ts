import { silentLog } from '../../../../base/index.js';
import { FakeClock } from '../../../../base/testing/fake-clock.js';
import { SeededRandom } from '../../../../base/testing/seeded-random.js';
import {
  tagOf,
  withParam,
  type HeaderField,
  type SipRequest,
  type SipResponse,
} from '../../message/sip-message.js';
import type { Endpoint } from '../../transport/transport.js';
import {
  createUserAgent,
  type IncomingSession,
  type UserAgent,
  type UserAgentOptions,
} from '../../user-agent/index.js';
import type { DigestClient } from '../digest-client.js';
import { respondTo } from '../response.js';
import type { InviteSession, OutgoingInvite, SessionEvent } from '../session.js';
import {
  FakeTransactionLayer,
  uriOf,
  type FakeServerTransaction,
} from './fake-transaction-layer.js';

export const PEER: Endpoint = { transport: 'UDP', address: '192.0.2.9', port: 5060 };
export const OFFER = 'v=0\r\no=offer\r\n';
export const ANSWER = 'v=0\r\no=answer\r\n';

/** Answers each challenge with a header that names its status. */
export const fakeDigest: DigestClient = {
  authorise: (response, _request, credentials) => ({
    name: response.status === 401 ? 'Authorization' : 'Proxy-Authorization',
    value: `Digest username="${credentials.user}"`,
  }),
};

export const OUTGOING: OutgoingInvite = {
  requestUri: uriOf('201', '192.0.2.9'),
  from: { displayName: '0300000001', uri: uriOf('0300000001', '192.0.2.1'), params: [] },
  to: { displayName: '', uri: uriOf('201', '192.0.2.9'), params: [] },
  contact: uriOf('box', '192.0.2.1'),
  target: PEER,
  route: [],
  headers: [],
  sdp: OFFER,
  credentials: { user: '0003', password: 'secret' },
};

/** A user agent on a fake transaction layer and a fake clock, and what it told. */
export class Stage {
  readonly clock = new FakeClock();
  readonly agent: UserAgent;
  readonly incoming: IncomingSession[] = [];
  #wire: FakeTransactionLayer | undefined;
  #cSeq = 100;

  constructor(options: Partial<UserAgentOptions> = {}, seed = 1) {
    this.agent = createUserAgent(
      {
        createTransactions: (user) => {
          this.#wire = new FakeTransactionLayer(user, () => this.clock.monotonicMs());
          return this.#wire;
        },
        clock: this.clock,
        random: new SeededRandom(seed),
        log: silentLog,
        digestClient: fakeDigest,
        contactHost: '192.0.2.1',
        contactPort: 5060,
        userAgentName: 'Tatebako',
        screen: () => ({ verdict: 'accept' }),
        ...options,
      },
      {
        onIncoming: (session) => this.incoming.push(session),
        onRegister: (request) => respondTo(request, 200, { localTag: 'registrar' }),
        authenticate: (request) => respondTo(request, 407, { localTag: 'guard' }),
      },
    );
  }

  get wire(): FakeTransactionLayer {
    if (this.#wire === undefined) throw new Error('no transaction layer yet');
    return this.#wire;
  }

  /** An INVITE of ours and the events of its session. */
  call(outgoing: Partial<OutgoingInvite> = {}): {
    readonly session: InviteSession;
    readonly events: SessionEvent[];
  } {
    const session = this.agent.invite({ ...OUTGOING, ...outgoing });
    return { session, events: listen(session) };
  }

  /** An INVITE of theirs, its transaction, session and events. */
  ringUs(options: InviteOptions = {}): {
    readonly transaction: FakeServerTransaction;
    readonly session: IncomingSession;
    readonly events: SessionEvent[];
  } {
    const transaction = this.wire.receive(inviteFromPeer(options), PEER);
    const session = this.incoming.at(-1);
    if (session === undefined) throw new Error('the INVITE was refused');
    return { transaction, session, events: listen(session) };
  }

  /** A request of theirs in the dialog that `ours` (a response of ours, or a 2xx of theirs) made. */
  within(
    dialog: SipResponse,
    method: string,
    options: {
      readonly cSeq?: number;
      readonly sdp?: string;
      readonly headers?: HeaderField[];
    } = {},
  ): FakeServerTransaction {
    this.#cSeq += 1;
    const request = requestWithin(dialog, method, { cSeq: this.#cSeq, ...options });
    return this.wire.receive(request, PEER);
  }

  /** The ACK of a 2xx of ours. */
  ack(success: SipResponse, sdp?: string): void {
    const ack = requestWithin(success, 'ACK', {
      cSeq: success.cSeq.number,
      ...(sdp === undefined ? {} : { sdp }),
    });
    this.wire.user.onAck(ack, PEER);
  }
}

export interface InviteOptions {
  readonly sdp?: string | null;
  readonly headers?: readonly HeaderField[];
  readonly callId?: string;
  readonly method?: string;
  readonly scheme?: string;
  readonly recordRoute?: SipRequest['recordRoute'];
}

export function inviteFromPeer(options: InviteOptions = {}): SipRequest {
  const { sdp = OFFER, headers = [], callId = 'call-from-peer', method = 'INVITE' } = options;
  const type = sdp === null ? [] : [{ name: 'Content-Type', value: 'application/sdp' }];
  return {
    kind: 'request',
    method,
    uri: { ...uriOf('box', '192.0.2.1'), scheme: options.scheme ?? 'sip' },
    maxForwards: 70,
    via: [],
    from: {
      displayName: '',
      uri: uriOf('0300000002', '192.0.2.9'),
      params: [{ name: 'tag', value: 'theirs' }],
    },
    to: { displayName: '', uri: uriOf('box', '192.0.2.1'), params: [] },
    callId,
    cSeq: { number: 20, method },
    contacts: [{ displayName: '', uri: uriOf('peer', '192.0.2.9'), params: [] }],
    route: [],
    recordRoute: options.recordRoute ?? [],
    headers: [...headers, ...type],
    body: Buffer.from(sdp ?? ''),
  };
}

/** A request of theirs: from whoever of From and To has not our address. */
function requestWithin(
  dialog: SipResponse,
  method: string,
  options: { readonly cSeq: number; readonly sdp?: string; readonly headers?: HeaderField[] },
): SipRequest {
  const weCalled = tagOf(dialog.from) !== 'theirs';
  const invite = inviteFromPeer({
    method,
    sdp: options.sdp ?? null,
    headers: options.headers ?? [],
    callId: dialog.callId,
  });
  return {
    ...invite,
    from: weCalled ? dialog.to : dialog.from,
    to: weCalled ? dialog.from : dialog.to,
    cSeq: { number: options.cSeq, method },
  };
}

/** All events of a session, as they come. */
export function listen(session: InviteSession): SessionEvent[] {
  const events: SessionEvent[] = [];
  session.onEvent = (event) => events.push(event);
  return events;
}

/** `field('Supported', 'timer')`. */
export function field(name: string, value: string): HeaderField {
  return { name, value };
}

export function withTag(address: SipRequest['to'], tag: string): SipRequest['to'] {
  return { ...address, params: withParam(address.params, 'tag', tag) };
}
