import test from 'ava';
import type { SeededRandom } from '../../base/testing/seeded-random.js';
import type { BenchPeer, Hold, PeerCall } from './testing/bench-peer.js';
import { ExchangeBench } from './testing/exchange-bench.js';

/** People at the phones and on the line press whatever comes to their mind. */
class People {
  readonly #bench: ExchangeBench;
  readonly #random: SeededRandom;

  constructor(bench: ExchangeBench) {
    this.#bench = bench;
    this.#random = bench.random;
    for (const peer of this.#peers) peer.onCalled = (call) => this.#called(call);
  }

  get #peers(): readonly BenchPeer[] {
    return [this.#bench.gateway, ...this.#bench.phones.values()];
  }

  /** One press of somebody. */
  press(): void {
    const random = this.#random;
    const peer = random.pick(this.#peers);
    const calls = peer.calls.filter((call) => !call.isOver);
    const call = calls.length === 0 ? null : random.pick(calls);
    const roll = random.below(100);
    if (call === null || roll < 12) this.#dial(peer);
    else if (roll < 20) call.hangUp();
    else if (!call.isTalking) this.#early(call);
    else if (roll < 32) call.hold(random.pick<Hold>(['sendonly', 'inactive', 'nullAddress']));
    else if (roll < 44) call.resume();
    else if (roll < 64) call.refer(random.pick(['201', '202', '203', '204', '299', '0300002222']));
    else if (roll < 84) call.refer(random.pick(['202', '203']), random.pick(calls));
    else if (roll < 88) call.info('application/dtmf', random.pick(['1', '*', '#']));
    else if (roll < 98) this.#pickUp(peer);
    else this.#tone(call);
  }

  /** Everybody goes home. */
  leave(): void {
    for (const peer of this.#peers) {
      peer.onCalled = (call) => call.session.reject(480);
      for (const call of peer.calls) call.hangUp();
    }
  }

  #dial(peer: BenchPeer): void {
    const live = this.#peers.flatMap(({ calls }) => calls.filter((call) => !call.isOver));
    // Each call of the exchange has two; eight at once.
    if (live.length > 16 || this.#random.below(3) === 0) return;
    if (peer.name === 'line') this.#bench.callIn();
    else peer.dial(this.#random.pick(['201', '202', '203', '204', '0300002222', '119', '299']));
  }

  #called(call: PeerCall): void {
    const roll = this.#random.below(10);
    if (roll < 6) call.ring();
    else if (roll === 6) call.answer();
    else if (roll === 7) call.session.reject(this.#random.pick([486, 603, 302, 404, 480]));
    else if (roll === 8) call.earlyMedia();
    // Else it says nothing at all.
  }

  #early(call: PeerCall): void {
    if (call.session.role !== 'uas' || call.isAnswering) return;
    const roll = this.#random.below(4);
    if (roll === 0) call.session.reject(486);
    else if (roll === 1) call.ring();
    else call.answer(this.#random.below(8) === 0 ? { hold: 'inactive' } : {});
  }

  #pickUp(peer: BenchPeer): void {
    if (peer.name === 'line') return;
    const talking = this.#peers.flatMap(({ calls }) => calls.filter((call) => call.isTalking));
    if (talking.length === 0) return;
    const value = this.#random.pick(talking).tags;
    peer.dial('201', { headers: [{ name: 'Replaces', value }] });
  }

  #tone(call: PeerCall): void {
    const leg = this.#bench.worker.legTo(call.peer.address, call.rtpPort);
    if (leg === undefined) return;
    const { legId } = leg;
    const tone = this.#random.pick(['faxCalling', 'busy', 'dial'] as const);
    this.#bench.exchange.onBridgeEvent({ name: 'tone', legId, tone, atWallMs: 0 });
  }
}

async function walk(seed: number, presses: number): Promise<ExchangeBench> {
  const bench = new ExchangeBench({
    seed,
    phones: ['201', '202', '203', '204'],
    network: {
      delayMs: 5,
      jitterMs: 40,
      lossRate: 0.1 + 0.05 * (seed % 5),
      duplicateRate: 0.05,
    },
    line: { callsMax: 8, profile: seed % 3 === 0 ? 'ht813' : 'generic' },
    call: {
      ringSeconds: 15,
      waitSeconds: 20,
      secondCall: seed % 2 === 0 ? 'wait' : 'busy',
    },
    policy: { announce: seed % 4 !== 0 },
    sessionExpiresS: 90,
  });
  if (seed % 7 === 0) bench.worker.broken.add('announcement-ja');
  const people = new People(bench);
  for (let i = 0; i < presses; i += 1) {
    if (bench.random.below(40) === 0) {
      const phone = bench.random.pick(['202', '203', '204']);
      if (!bench.unregistered.delete(phone)) bench.unregistered.add(phone);
      bench.exchange.phonesChanged();
    }
    people.press();
    await bench.run(
      bench.random.below(4) === 0 ? bench.random.below(8_000) : bench.random.below(60),
    );
  }
  people.leave();
  if (seed % 5 === 0) bench.exchange.hangUpAll();
  await bench.run(700_000);
  return bench;
}

for (let batch = 0; batch < 4; batch += 1) {
  test(`whatever people press on a bad network: no call hears another, each ends once, nothing stays (${batch + 1} of 4)`, async (t) => {
    for (let seed = batch * 10 + 1; seed <= batch * 10 + 10; seed += 1) {
      const bench = await walk(seed, 250);
      t.deepEqual(bench.leftovers, [], `seed ${seed}`);
      for (const { outcome, answeredAtMs, answeredBy, endedHow, endedBy, holds } of bench.records) {
        t.is(outcome === 'answered', answeredAtMs !== null, `seed ${seed}`);
        t.is(answeredBy !== null, answeredAtMs !== null, `seed ${seed}`);
        t.true(endedHow !== null && endedBy !== null, `seed ${seed}`);
        t.true(
          holds.every(({ toMs }) => toMs !== null),
          `seed ${seed}`,
        );
      }
    }
  });
}

test('the walk is worth its time: calls of every kind are answered, transferred, held and lost', async (t) => {
  const records = [];
  for (const seed of [1, 2, 3]) records.push(...(await walk(seed, 250)).records);
  const outcomes = new Set(records.map(({ outcome }) => outcome));
  const tally = new Map<string, number>();
  for (const { direction, outcome, endedHow, transfers } of records) {
    for (const what of [direction, outcome, endedHow ?? '', ...transfers.map(({ how }) => how)])
      tally.set(what, (tally.get(what) ?? 0) + 1);
  }
  t.log(Object.fromEntries(tally));
  for (const outcome of ['answered', 'abandoned', 'busy', 'noAnswer'] as const)
    t.true(outcomes.has(outcome), outcome);
  for (const direction of ['incoming', 'outgoing', 'internal'] as const)
    t.true(
      records.some((one) => one.direction === direction && one.answeredAtMs !== null),
      direction,
    );
  for (const how of ['blind', 'attended', 'pickUp'] as const)
    t.true(
      records.some(({ transfers }) => transfers.some((one) => one.how === how)),
      how,
    );
  t.true(records.some(({ holds }) => holds.length > 0));
});
