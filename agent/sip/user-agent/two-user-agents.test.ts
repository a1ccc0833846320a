import test from 'ava';
import {
  silentLog,
  systemClock,
  systemRandom,
  type Clock,
  type Random,
} from '../../../base/index.js';
import { FakeClock } from '../../../base/testing/fake-clock.js';
import { SeededRandom } from '../../../base/testing/seeded-random.js';
import type { InviteSession, SessionEvent } from '../dialog/index.js';
import { respondTo } from '../dialog/index.js';
import { uriOf } from '../dialog/testing/fake-transaction-layer.js';
import { fakeDigest } from '../dialog/testing/stage.js';
import { createTransactionLayer } from '../transaction/create-transaction-layer.js';
import { lateEvents } from '../transport/late-events.js';
import { openTransport } from '../transport/open-transport.js';
import type { Endpoint, Transport, TransportEvents } from '../transport/transport.js';
import { FakeNetwork } from '../testing/fake-network.js';
import { createUserAgent, type IncomingSession, type UserAgent } from './index.js';

interface Party {
  readonly agent: UserAgent;
  readonly endpoint: Endpoint;
}

function partyOn(
  transport: Transport,
  bind: (events: TransportEvents) => void,
  around: {
    readonly clock: Clock;
    readonly random: Random;
    readonly onIncoming: (session: IncomingSession) => void;
  },
): Party {
  const { clock, random, onIncoming } = around;
  const { address, port } = transport.local;
  const agent = createUserAgent(
    {
      createTransactions: (user) => {
        const layer = createTransactionLayer({ transport, clock, random, log: silentLog, user });
        bind(layer.transportEvents);
        return layer;
      },
      clock,
      random,
      log: silentLog,
      digestClient: fakeDigest,
      contactHost: address,
      contactPort: port,
      userAgentName: 'Tatebako',
      screen: () => ({ verdict: 'accept' }),
      session: { sessionExpiresS: 120 },
    },
    {
      onIncoming,
      onRegister: (request) => respondTo(request, 403),
      authenticate: () => null,
    },
  );
  return { agent, endpoint: { transport: 'UDP', address, port } };
}

function dial(from: Party, to: Party): InviteSession {
  const uri = { ...uriOf('201', to.endpoint.address), port: to.endpoint.port };
  const own = { ...uriOf('box', from.endpoint.address), port: from.endpoint.port };
  return from.agent.invite({
    requestUri: uri,
    from: { displayName: '盾箱', uri: own, params: [] },
    to: { displayName: '', uri, params: [] },
    contact: own,
    target: to.endpoint,
    route: [],
    headers: [],
    sdp: 'v=0\r\n',
    credentials: null,
  });
}

/** A side's user: answers offers sooner or later, and keeps what it heard. */
function follow(session: InviteSession, clock: Clock, random: SeededRandom): SessionEvent[] {
  const events: SessionEvent[] = [];
  session.onEvent = (event) => {
    events.push(event);
    if (event.name !== 'offer') return;
    clock.after(random.below(3_000), () => {
      if (random.below(4) === 0) session.rejectOffer(488);
      else session.answerOffer(`v=0 ${random.below(1_000)}`);
    });
  };
  return events;
}

interface Drama {
  readonly clock: FakeClock;
  readonly network: FakeNetwork;
  readonly caller: InviteSession;
  readonly called: IncomingSession[];
  readonly heard: SessionEvent[][];
  readonly agents: readonly UserAgent[];
}

/** One call between two user agents whose users do as a seed says. */
function play(seed: number, lossRate: number): Drama {
  const clock = new FakeClock();
  const random = new SeededRandom(seed);
  const network = new FakeNetwork(clock, random, {
    delayMs: 20,
    jitterMs: 80,
    lossRate,
    duplicateRate: 0.1,
  });
  const called: IncomingSession[] = [];
  const heard: SessionEvent[][] = [];
  const party = (address: string): Party => {
    const late = lateEvents();
    const transport = network.open({ address, port: 5060 }, late.events);
    return partyOn(transport, (events) => late.bind(events), {
      clock,
      random,
      onIncoming: (session) => {
        called.push(session);
        heard.push(follow(session, clock, random));
        if (random.below(3) > 0) session.ring();
        clock.after(random.below(6_000), () => answerAsFate(session, random));
      },
    });
  };
  const [a, b] = [party('192.0.2.1'), party('192.0.2.2')];
  const caller = dial(a, b);
  heard.push(follow(caller, clock, random));
  for (let n = 0; n < 8; n += 1) {
    clock.advance(random.below(4_000));
    const session = random.pick([caller, called[0] ?? caller]);
    const fate = random.below(8);
    if (fate === 0) session.hangUp();
    else if (fate < 4 && session.state === 'confirmed') session.offer(`v=0 ${n}`);
  }
  return { clock, network, caller, called, heard, agents: [a.agent, b.agent] };
}

function answerAsFate(session: IncomingSession, random: SeededRandom): void {
  if (session.state !== 'early') return;
  const fate = random.below(8);
  if (fate === 0) session.reject(486);
  else if (fate === 1) session.ring({ sdp: 'v=0 early' });
  if (fate > 0) session.accept('v=0 answer');
}

for (const lossRate of [0, 0.1, 0.25]) {
  test(`two user agents end up agreeing, whatever their users do, at ${lossRate * 100} % loss`, (t) => {
    const outcomes = new Map<string, number>();
    for (let seed = 1; seed <= 100; seed += 1) {
      const { clock, caller, called, heard, agents } = play(seed, lossRate);
      clock.advance(60_000);
      const [session] = called;
      t.true(called.length <= 1, `seed ${seed}: one INVITE is one session`);
      t.is(caller.state, session?.state ?? 'ended', `seed ${seed}`);
      outcomes.set(caller.state, (outcomes.get(caller.state) ?? 0) + 1);
      if (caller.state === 'confirmed') {
        t.is(caller.snapshot?.remoteTag, session?.snapshot?.localTag);
        // Refreshed once or more, still up.
        clock.advance(300_000);
        const states = [caller, session].map((one) => one?.state);
        t.is(states[0], states[1], `seed ${seed}: after refreshes`);
      }
      caller.hangUp();
      clock.advance(100_000);
      t.is(caller.state, 'ended', `seed ${seed}`);
      t.is(session?.state ?? 'ended', 'ended', `seed ${seed}`);
      for (const events of heard) {
        t.is(events.filter(({ name }) => name === 'ended').length, 1, `seed ${seed}: ended once`);
        t.is(events.at(-1)?.name, 'ended', `seed ${seed}: and last`);
      }
      for (const agent of agents) t.is([...agent.sessions].length, 0);
      t.is(clock.pendingCount, 0, `seed ${seed}: no timer is left`);
    }
    t.true((outcomes.get('confirmed') ?? 0) > 10 && (outcomes.get('ended') ?? 0) > 10);
  });
}

test('an ACK goes only to a 2xx: no other response of an INVITE meets one of ours', (t) => {
  for (let seed = 300; seed < 340; seed += 1) {
    const { clock, network } = play(seed, 0.1);
    clock.advance(60_000);
    const succeeded = new Set<string>();
    for (const { message } of network.wire) {
      const key = `${message.callId} ${message.cSeq.number}`;
      if (message.kind === 'response' && message.status >= 200) {
        if (message.cSeq.method === 'INVITE' && message.status < 300) succeeded.add(key);
      } else if (message.kind === 'request' && message.method === 'ACK') {
        const branch = message.via[0]?.params.find(({ name }) => name === 'branch')?.value;
        const sharesInvite = network.wire.some(
          ({ message: other }) =>
            other.kind === 'request' &&
            other.method === 'INVITE' &&
            other.via[0]?.params.some(({ name, value }) => name === 'branch' && value === branch),
        );
        if (!sharesInvite) t.true(succeeded.has(key), `seed ${seed}`);
      }
    }
  }
});

test('two user agents call, hold and hang up over real UDP sockets', async (t) => {
  const parties: Party[] = [];
  const transports: Transport[] = [];
  const finished = new Promise<readonly string[]>((resolve) => {
    const open = async (onIncoming: (session: IncomingSession) => void): Promise<void> => {
      const late = lateEvents();
      const transport = await openTransport(
        { address: '127.0.0.1', port: 0, clock: systemClock, log: silentLog, tcp: false },
        late.events,
      );
      transports.push(transport);
      parties.push(
        partyOn(transport, (events) => late.bind(events), {
          clock: systemClock,
          random: systemRandom,
          onIncoming,
        }),
      );
    };
    void (async () => {
      await open(() => undefined);
      await open((session) => {
        session.onEvent = (event) => {
          if (event.name === 'offer') session.answerOffer('v=0 held');
        };
        session.ring({ sdp: 'v=0 early' });
        session.accept('v=0 answer');
      });
      const [a, b] = parties;
      if (a === undefined || b === undefined) return;
      const session = dial(a, b);
      const names: string[] = [];
      session.onEvent = (event) => {
        names.push(event.name);
        if (event.name === 'answered') session.offer('v=0 hold');
        if (event.name === 'answer') session.hangUp();
        if (event.name === 'ended') resolve(names);
      };
    })();
  });
  t.deepEqual(await finished, ['progress', 'answered', 'answer', 'ended']);
  await Promise.all(parties.map(({ agent }) => agent.close(2_000)));
  await Promise.all(transports.map((transport) => transport.close()));
});
