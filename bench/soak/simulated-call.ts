import { readFile } from 'node:fs/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { loadPrompt, readPacketBatch } from 'node-mediastream';
import { silentLog, type Random } from '../../base/index.js';
import { FakeClock } from '../../base/testing/fake-clock.js';
import { SeededRandom } from '../../base/testing/seeded-random.js';
import { AlertService } from '../../agent/alert/index.js';
import { MemoryTable } from '../../agent/alert/testing/memory-table.js';
import { Bridge } from '../../agent/call/bridge/bridge.js';
import { callConfig, type CallRecord } from '../../agent/call/index.js';
import { lineConfig, resolveLine } from '../../agent/line/index.js';
import { DEFAULT_POLICY } from '../../agent/policy/index.js';
import {
  createAnswer,
  createOffer,
  createRegistration,
  lateEvents,
  negotiateAnswer,
  type InviteSession,
  type SessionEnd,
} from '../../agent/sip/index.js';
import { FakeNetwork } from '../../agent/sip/testing/fake-network.js';
import { Judgement } from '../../agent/wiring/judgement.js';
import { loadPrompts, Prompts } from '../../agent/wiring/prompts.js';
import { Telephone } from '../../agent/wiring/telephone.js';
import { BOX, nameAddr, openParty, sipUri, type Ground } from '../box/party.js';
import {
  BOX_ADDRESS,
  GATEWAY_ADDRESS,
  LINE_USER,
  passwordOf,
  phoneAddress,
  SIP_PORT,
} from '../box/place.js';
import { NumberedVoice, SimulatedMedia } from './simulated-media.js';

const FRAME_MS = 20;
const FRAMES_A_SECOND = 50;
const TICKS_AN_HOUR = 8_000 * 3_600;
const CONNECT_S = 60;
const EXTENSION = '201';
const PHONE_ADDRESS = phoneAddress(0);
/** The signalling network: lossy, late, and in no order. */
const NETWORK = { delayMs: 5, jitterMs: 60, lossRate: 0.02, duplicateRate: 0.02 };
/** Shorter than the usual half hour, so that the refreshes are many. */
const SESSION_EXPIRES_S = 300;

/** One alarm of the clock ladder. */
export interface Rung {
  readonly afterMin: number;
  readonly level: number;
}

export interface SimulatedCall {
  readonly hours: number;
  /** Time that the simulation took, s. */
  readonly tookS: number;
  readonly directions: readonly {
    readonly direction: string;
    readonly sent: number;
    readonly heard: number;
    readonly outOfOrder: number;
    readonly timestampSteps: number;
    readonly sequenceWraps: number;
    readonly timestampWraps: number;
  }[];
  readonly rungs: readonly Rung[];
  /** Session refreshes that were sent, both legs, repeats not counted. */
  readonly refreshes: number;
  readonly recordTapped: number;
  /** Jumps of the detector's time line. */
  readonly detectJumps: number;
  readonly ends: readonly string[];
  readonly recordedDurationMs: number | null;
  /** Live memory after the first hour and at the end, MB. */
  readonly heapMb: { readonly afterOneHour: number | null; readonly atTheEnd: number };
  readonly faults: readonly string[];
}

/** Numbers a little before their end: SSRCs and first timestamps of the box, so that its streams wrap too. */
const nearTheEnd = (seeded: SeededRandom): Random => ({
  bytes: (length) => seeded.bytes(length),
  uint32: () => 2 ** 32 - 2 * TICKS_AN_HOUR - seeded.below(TICKS_AN_HOUR),
  fraction: () => seeded.fraction(),
});

const isCallable = (value: unknown): value is () => void => typeof value === 'function';

function liveHeapMb(): number {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (isCallable(collect)) collect();
  return process.memoryUsage().heapUsed / 2 ** 20;
}

/**
 * One call on a virtual clock: the box's SIP, exchange, call machine, media and judgement as they are; gateway and phone
 * from the same SIP core, on a network in memory that loses, repeats and delays; every packet of both sides is sent.
 */
export async function simulateCall(hours: number): Promise<SimulatedCall> {
  const startedMs = performance.now();
  const stage = await openStage();
  const { clock, caller, staff, network } = stage;
  let heapAfterOneHour: number | null = null;
  let refreshes = 0;
  const talkedAtMs = clock.monotonicMs();
  for (let second = 0; second < hours * 3_600; second += 1) {
    await stage.second();
    if ((second + 1) % 600 !== 0) continue;
    refreshes += refreshesIn(network);
    // What the network remembers for its tests would be taken for growth of the box.
    network.wire.length = 0;
    if (second + 1 === 3_600) heapAfterOneHour = liveHeapMb();
  }
  const heapAtTheEnd = liveHeapMb();
  const ends = await stage.hangUp();
  const pairs = [
    ['caller to staff', caller, staff],
    ['staff to caller', staff, caller],
  ] as const;
  return {
    hours,
    tookS: (performance.now() - startedMs) / 1_000,
    directions: pairs.map(([direction, from, to]) => ({
      direction,
      sent: from.sent,
      heard: to.counts.numbered,
      outOfOrder: to.counts.outOfOrder,
      timestampSteps: to.counts.timestampSteps,
      sequenceWraps: Math.floor(to.counts.numbered / 2 ** 16),
      timestampWraps: to.counts.timestampWraps,
    })),
    rungs: stage.raised.map(({ atMs, level }) => ({
      afterMin: Math.round((atMs - talkedAtMs) / 60_000),
      level,
    })),
    refreshes,
    recordTapped: stage.tapped.packets,
    detectJumps: stage.tapped.jumps,
    ends,
    recordedDurationMs: durationOf(stage.record()),
    heapMb: { afterOneHour: heapAfterOneHour, atTheEnd: heapAtTheEnd },
    faults: stage.faults,
  };
}

function durationOf(record: CallRecord | null): number | null {
  if (record?.endedAtMs == null || record.answeredAtMs === null) return null;
  return record.endedAtMs - record.answeredAtMs;
}

/** Each request once, however often it went out. */
function refreshesIn(network: FakeNetwork): number {
  const seen = new Set<string>();
  for (const { message } of network.wire) {
    if (message.kind !== 'request') continue;
    if (message.method !== 'UPDATE' && message.method !== 'INVITE') continue;
    seen.add(`${message.callId} ${message.cSeq.number}`);
  }
  return seen.size;
}

async function openStage() {
  const clock = new FakeClock();
  const random = new SeededRandom(20_261_001);
  const network = new FakeNetwork(clock, random, NETWORK);
  const media = new SimulatedMedia(() => clock.monotonicMs());
  const faults: string[] = [];
  const raised: { readonly atMs: number; readonly level: number }[] = [];
  const tapped = { packets: 0, jumps: 0 };
  const world = { clock, random, log: silentLog };
  let record: CallRecord | null = null;

  const alerts = await AlertService.open({
    table: new MemoryTable(),
    ...world,
    overdueAfterMs: [30_000, 60_000],
  });
  await alerts.subscribe({
    name: 'supervisor',
    deliver: (event) => {
      if (event.what === 'alert' && (event.kind === 'raised' || event.kind === 'escalated')) {
        raised.push({ atMs: clock.monotonicMs(), level: event.level });
        void alerts.acknowledge({ alertId: event.alertId, by: 'bench', via: 'bench' });
      }
      return Promise.resolve();
    },
  });
  const judgement = new Judgement({
    ...world,
    policy: DEFAULT_POLICY,
    alerts,
    detector: { enabled: false, modelsDirectory: '', keywords: [] },
    onHeard: () => undefined,
    onDetectorState: () => undefined,
    onNote: () => undefined,
  });
  const prompts = new Prompts(null, silentLog, (code) => faults.push(code));
  const bridge = new Bridge(
    {
      bindAddress: BOX_ADDRESS,
      advertisedAddress: BOX_ADDRESS,
      firstPort: 16_384,
      lastPort: 16_483,
      legsMax: 8,
      detectBatchMs: 100,
    },
    {
      clock,
      random: nearTheEnd(random),
      openSocket: (options) => media.openSocket(options),
      loadPrompt: async (file, maxMs) => loadPrompt(await readFile(file), { maxMs }),
      onEvent: (event) => {
        prompts.onEvent(event);
        telephone.exchange.onBridgeEvent(event);
      },
      onFault: ({ what, message }) => faults.push(`${what}: ${message}`),
    },
  );
  const timeLines = new Map<string, number>();
  bridge.connect({
    record: (tap) => {
      tapped.packets += [...readPacketBatch(tap.packets)].length;
    },
    detect: ({ legId, startTick, samples }) => {
      const due = timeLines.get(legId);
      if (due !== undefined && due !== startTick) tapped.jumps += 1;
      timeLines.set(legId, startTick + samples.length);
    },
  });
  const late = lateEvents();
  const telephone = new Telephone(
    {
      ...world,
      sip: { listenAddress: BOX_ADDRESS, advertisedAddress: BOX_ADDRESS, port: SIP_PORT },
      line: resolveLine(
        lineConfig.parse({ profile: 'generic', gatewayAddress: GATEWAY_ADDRESS, user: LINE_USER }),
      ),
      linePassword: null,
      phones: [{ extension: EXTENSION, name: '電話', password: passwordOf(EXTENSION) }],
      bindings: [],
      onBindings: () => undefined,
      onLine: () => undefined,
      onPhones: () => undefined,
      exchange: {
        recorder: {
          begin: () => undefined,
          commit: () => undefined,
          discard: () => undefined,
          end: () => Promise.resolve(null),
        },
        box: { host: BOX_ADDRESS, port: SIP_PORT, language: 'ja' },
        config: callConfig.parse({}),
        detect: true,
        announcement: () => prompts.announcement,
        policyFor: () => ({ announce: true }),
        toBridge: (command) => bridge.handle(command),
        onChange: ({ state }) => {
          record = state.record;
        },
        onNews: (news, state) => {
          if (news === 'answered') judgement.onAnswered(state);
          if (news === 'ended' || news === 'rejected') judgement.onEnded(state.record.id);
        },
        onFault: (fault) => faults.push(fault),
        onLegHealth: () => undefined,
        onDigit: () => undefined,
      },
    },
    network.open({ address: BOX_ADDRESS, port: SIP_PORT }, late.events),
  );
  late.bind(telephone.transactions.transportEvents);
  telephone.start();
  loadPrompts(null, (command) => bridge.handle(command));

  const caller = new NumberedVoice(
    media,
    { address: GATEWAY_ADDRESS, port: 4_000 },
    { sequenceNumber: 65_000, rtpTimestamp: 2 ** 32 - TICKS_AN_HOUR, ssrc: 1 },
  );
  const staff = new NumberedVoice(
    media,
    { address: PHONE_ADDRESS, port: 4_000 },
    { sequenceNumber: 65_535, rtpTimestamp: 2 ** 32 - 4 * TICKS_AN_HOUR, ssrc: 2 },
  );
  const second = async (): Promise<void> => {
    for (let frame = 0; frame < FRAMES_A_SECOND; frame += 1) {
      caller.speak();
      staff.speak();
      clock.advance(FRAME_MS);
    }
    await nextTurn();
  };
  const ground: Ground = {
    clock,
    random,
    openTransport: (address, events) =>
      Promise.resolve(network.open({ address, port: SIP_PORT }, events)),
    sessionExpiresS: SESSION_EXPIRES_S,
  };
  const ends: string[] = [];
  const follow = (side: string, session: InviteSession): void => {
    session.onEvent = (event) => {
      // A refresh: the same SDP again.
      if (event.name === 'offer') session.answerOffer(session.snapshot?.localSdp ?? '');
      if (event.name === 'ended') ends.push(`${side}: ${formatEnd(event.end)}`);
    };
  };
  const sessions: InviteSession[] = [];
  const phone = await openParty(ground, PHONE_ADDRESS, (session) => {
    follow('phone', session);
    const outcome = createAnswer(Buffer.from(session.invite.body).toString(), {
      sessionId: 1,
      previous: null,
      address: PHONE_ADDRESS,
      port: staff.port,
    });
    if (outcome.kind === 'refused') return session.reject(488);
    session.ring();
    clock.after(2_000, () => {
      session.accept(outcome.sdp);
      staff.connect(outcome.agreed.remoteAddress, outcome.agreed.remoteRtpPort);
      sessions.push(session);
    });
  });
  const registration = createRegistration({
    transactions: phone.transactions,
    ...world,
    registrar: sipUri('', BOX_ADDRESS),
    addressOfRecord: sipUri(EXTENSION, BOX_ADDRESS),
    contact: sipUri(EXTENSION, PHONE_ADDRESS),
    target: BOX,
    credentials: { user: EXTENSION, password: passwordOf(EXTENSION) },
  });
  registration.start();
  const gateway = await openParty(ground, GATEWAY_ADDRESS, (session) => session.reject(486));
  for (let n = 0; n < CONNECT_S && registration.status.state !== 'registered'; n += 1) {
    await second();
  }
  const offer = createOffer({
    sessionId: 2,
    previous: null,
    address: GATEWAY_ADDRESS,
    port: caller.port,
    telephoneEventPayloadType: 101,
  });
  const uri = sipUri(LINE_USER, BOX_ADDRESS);
  const line = gateway.agent.invite({
    requestUri: uri,
    from: nameAddr(sipUri('09000001000', GATEWAY_ADDRESS)),
    to: nameAddr(uri),
    contact: sipUri('09000001000', GATEWAY_ADDRESS),
    target: BOX,
    route: [],
    headers: [],
    sdp: offer,
    credentials: null,
  });
  follow('gateway', line);
  const onEvent = line.onEvent;
  line.onEvent = (event) => {
    if (event.name === 'answered' && event.sdp !== null) {
      const outcome = negotiateAnswer(offer, event.sdp);
      if (outcome.kind === 'agreed') {
        caller.connect(outcome.agreed.remoteAddress, outcome.agreed.remoteRtpPort);
      }
    }
    onEvent?.(event);
  };
  for (let n = 0; n < CONNECT_S && sessions[0]?.state !== 'confirmed'; n += 1) await second();
  if (sessions[0]?.state !== 'confirmed') throw new Error(`no call: ${ends.join(', ')}`);
  return {
    clock,
    network,
    caller,
    staff,
    raised,
    tapped,
    faults,
    second,
    record: () => record,
    hangUp: async () => {
      const isUp = line.state === 'confirmed' && sessions[0]?.state === 'confirmed';
      ends.push(isUp ? 'both sides were talking' : 'the call was gone');
      line.hangUp();
      for (let n = 0; n < CONNECT_S; n += 1) await second();
      return ends;
    },
  };
}

const formatEnd = ({ by, how, status }: SessionEnd): string =>
  `${how} by ${by}${status === null ? '' : ` (${status})`}`;
