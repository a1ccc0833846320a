import test from 'ava';
import { SeededRandom } from '../../../base/testing/seeded-random.js';
import {
  GLARES_MAX,
  OFFERS_WAITING_MAX,
  startOffers,
  stepOffers,
  type OfferEvent,
  type OfferState,
} from './offer-machine.js';

const EVENTS: readonly OfferEvent[] = [
  { name: 'done' },
  { name: 'weAccepted' },
  { name: 'offer', purpose: 'offer', sdp: 'o' },
  { name: 'offer', purpose: 'refresh', sdp: 'r' },
  { name: 'answered' },
  { name: 'refused', status: 491 },
  { name: 'refused', status: 488 },
  { name: 'retryDue' },
  { name: 'remoteOffer', method: 'INVITE' },
  { name: 'remoteOffer', method: 'UPDATE' },
  { name: 'weAnswered' },
  { name: 'weRejected' },
  { name: 'acked' },
];

test('no exchange begins while another runs, and no offer of ours is forgotten (RFC 3264 §4)', (t) => {
  const random = new SeededRandom(21);
  for (let run = 0; run < 2_000; run += 1) {
    let state: OfferState = startOffers(random.below(2) === 0);
    const open = { ours: false, theirs: false };
    const count = { offered: 0, settled: 0, gaveUp: 0 };
    for (let n = 0; n < 60; n += 1) {
      const before = state;
      const event = random.pick(EVENTS);
      const [next, effects] = stepOffers(before, event);
      if (event.name === 'offer') count.offered += 1;
      const wasOffering = before.name === 'offering';
      if (wasOffering && (event.name === 'answered' || event.name === 'refused')) {
        open.ours = false;
        if (event.name === 'answered') count.settled += 1;
      }
      if (before.name === 'answering' && next.name !== 'answering') open.theirs = false;
      for (const effect of effects) {
        if (effect.do === 'send') {
          t.false(open.ours || open.theirs);
          open.ours = true;
        }
        if (effect.do === 'deliver') {
          t.false(open.ours || open.theirs);
          open.theirs = true;
        }
        if (effect.do === 'giveUp') count.gaveUp += 1;
      }
      state = next;
      const held = state.name === 'offering' || state.name === 'waiting' ? 1 : 0;
      t.is(count.offered, count.settled + count.gaveUp + held + state.queue.length);
      t.true(state.queue.length <= OFFERS_WAITING_MAX + 1);
    }
  }
});

test('theirs is taken while ours waits out a glare, and ours follows (RFC 3261 §14.1)', (t) => {
  let state: OfferState = { name: 'idle', queue: [] };
  const step = (event: OfferEvent): readonly { readonly do: string }[] => {
    const [next, effects] = stepOffers(state, event);
    state = next;
    return effects;
  };
  step({ name: 'offer', purpose: 'offer', sdp: 'ours' });
  t.deepEqual(step({ name: 'refused', status: 491 }), [{ do: 'waitForRetry' }]);
  t.deepEqual(step({ name: 'remoteOffer', method: 'UPDATE' }), [
    { do: 'stopWaiting' },
    { do: 'deliver' },
  ]);
  t.like(step({ name: 'weAnswered' })[0], { do: 'send', offer: { sdp: 'ours', glares: 1 } });
});

test('491 counts as a refusal after its limit', (t) => {
  let state: OfferState = {
    name: 'offering',
    queue: [],
    offer: { purpose: 'offer', sdp: 'o', glares: GLARES_MAX },
  };
  const [next, effects] = stepOffers(state, { name: 'refused', status: 491 });
  state = next;
  t.is(state.name, 'idle');
  t.like(effects[0], { do: 'giveUp', status: 491 });
});
