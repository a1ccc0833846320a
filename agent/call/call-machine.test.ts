import test from 'ava';
import { SeededRandom } from '../../base/testing/seeded-random.js';
import { beginCall, step } from './call-machine.js';
import type { CallEffect, CallEvent, CallRules, CallState, Leg, Ringing } from './call-state.js';
import { mediaPlan } from './media-plan.js';

const rules: CallRules = {
  announcement: 'builtIn',
  opening: 'announce',
  target: { kind: 'allPhones' },
  ringMs: 60_000,
  waitMs: 120_000,
  whenBusy: 'refuse',
  record: true,
  detect: true,
  busyToneEnds: false,
  silenceEndsAfterMs: null,
};
const caller = { kind: 'number', number: '09000001234', displayName: '' } as const;
const incoming = {
  id: 'c1',
  direction: 'incoming',
  caller,
  extension: null,
  called: '0300001111',
  emergency: false,
} as const;
const outgoing = {
  ...incoming,
  direction: 'outgoing',
  extension: '201',
  called: '0300002222',
} as const;

interface Run {
  readonly state: CallState;
  readonly effects: readonly CallEffect[];
}

/** Steps through `events`, one millisecond each, and gathers the effects of the last one. */
function play(from: CallState, ...events: readonly CallEvent[]): Run {
  let run: Run = { state: from, effects: [] };
  events.forEach((event, i) => {
    const [state, effects] = step(run.state, event, 1_000 + i);
    run = { state, effects };
  });
  return run;
}

const begin = (change: Partial<CallRules> = {}): CallState =>
  beginCall(incoming, { ...rules, ...change }, 1_000);
const phone = (party: string, who: string): Ringing => ({ party, who, progress: 'calling' });
const rung = (...ringing: readonly Ringing[]): CallEvent => ({
  name: 'rung',
  legId: 'c1:b',
  ringing,
});
const played: CallEvent = {
  name: 'playEnded',
  playId: 'announcement',
  atMs: 7_000,
  completed: true,
};
const confirmed: CallEvent = { name: 'confirmed', party: 'a' };
const announced = (): CallState => play(begin(), { name: 'mediaReady' }, confirmed, played).state;
const talking = (): CallState =>
  play(announced(), rung(phone('p1', '201'), phone('p2', '202')), { name: 'answered', party: 'p1' })
    .state;
const heard = (state: CallState, legId: string): unknown =>
  mediaPlan(state).find((plan) => plan.legId === legId)?.source;
const doing = (run: Run): readonly string[] => run.effects.map((effect) => effect.do);

test('a caller is answered, hears the announcement once the ACK is there, and only then the phones ring', (t) => {
  const answered = play(begin(), { name: 'mediaReady' });
  t.deepEqual(doing(answered), ['answerA', 'startTimer']);
  t.deepEqual(heard(answered.state, 'c1:a'), { kind: 'silence' });
  const hearing = play(answered.state, confirmed);
  t.like(heard(hearing.state, 'c1:a'), { kind: 'play', promptId: 'announcement-ja' });
  const ringing = play(hearing.state, played);
  t.true(doing(ringing).includes('ring'));
  t.deepEqual(heard(ringing.state, 'c1:a'), { kind: 'tone', tone: 'ringback' });
  t.like(ringing.state.record.announcement, { completed: true, endedAtMs: 7_000 });
});

test('an announcement that never ends lets the call pass', (t) => {
  const run = play(begin(), { name: 'mediaReady' }, confirmed, {
    name: 'timer',
    timer: 'announcement',
  });
  t.is(run.state.phase, 'ringing');
  t.false(run.state.record.announcement?.completed);
});

test('the first phone to answer wins, the others are told that the call was completed elsewhere (RFC 3326)', (t) => {
  const run = play(announced(), rung(phone('p1', '201'), phone('p2', '202')), {
    name: 'answered',
    party: 'p2',
  });
  t.deepEqual(run.effects[0], { do: 'hangUp', party: 'p1', elsewhere: true });
  t.is(run.state.record.answeredBy, '202');
  t.deepEqual(heard(run.state, 'c1:a'), { kind: 'relay', from: 'c1:b' });
  t.deepEqual(heard(run.state, 'c1:b'), { kind: 'relay', from: 'c1:a' });
});

test('a second phone whose 200 crossed our CANCEL is hung up (RFC 5407 §3.1.2)', (t) => {
  const run = play(talking(), { name: 'answered', party: 'p2' });
  t.deepEqual(run.effects, [{ do: 'hangUp', party: 'p2', elsewhere: true }]);
  t.is(run.state.record.answeredBy, '201');
});

test('a caller who hangs up in the announcement counts as abandoned there, and no phone rings', (t) => {
  const end: CallEvent = { name: 'partyEnded', party: 'a', how: 'bye', status: null };
  const run = play(begin(), { name: 'mediaReady' }, confirmed, end);
  t.is(run.state.record.outcome, 'abandonedInAnnouncement');
  t.false(doing(run).includes('ring'));
  t.is(run.effects.at(-1)?.do, 'finish');
});

test('INVITEs that went out while the caller hung up are called back', (t) => {
  const end: CallEvent = { name: 'partyEnded', party: 'a', how: 'bye', status: null };
  const run = play(announced(), end, rung(phone('p1', '201')));
  t.deepEqual(run.effects, [{ do: 'hangUp', party: 'p1', elsewhere: false }]);
});

test('when nobody answers the caller hears an apology, then BYE', (t) => {
  const sorry = play(announced(), rung(phone('p1', '201')), { name: 'timer', timer: 'ring' });
  t.is(sorry.state.phase, 'apologising');
  t.like(heard(sorry.state, 'c1:a'), { kind: 'play', promptId: 'apology-ja' });
  const end = play(sorry.state, {
    name: 'playEnded',
    playId: 'apology',
    atMs: 9_000,
    completed: true,
  });
  t.is(end.state.record.outcome, 'noAnswer');
  t.deepEqual(end.effects[0], { do: 'hangUp', party: 'a', elsewhere: false });
});

test('no registered phone is an alarm, and the caller hears the apology at once', (t) => {
  const run = play(announced(), rung());
  t.is(run.state.phase, 'apologising');
  t.is(run.effects[0]?.do, 'raiseFault');
});

test('an 1100 Hz tone ends the announcement, and nobody listens to a fax', (t) => {
  const run = play(begin(), { name: 'mediaReady' }, confirmed, { name: 'faxTone' });
  t.is(run.state.phase, 'ringing');
  t.true(run.state.record.fax);
  const bridged = play(run.state, rung(phone('p1', '201')), { name: 'answered', party: 'p1' });
  t.true(mediaPlan(bridged.state).every((plan) => !plan.detect && plan.record));
});

test('a busy tone on an analog line ends the call, and the record says how', (t) => {
  const run = play(talking(), { name: 'busyTone' });
  t.like(run.state.record, { endedBy: 'caller', endedHow: 'busyTone', outcome: 'answered' });
  t.deepEqual(
    run.effects.filter((effect) => effect.do === 'hangUp').map((effect) => effect.party),
    ['a', 'p1'],
  );
});

test('while one side holds, the other hears the hold music and not the room', (t) => {
  const run = play(talking(), { name: 'held', party: 'p1', held: true });
  t.like(heard(run.state, 'c1:a'), { kind: 'play', promptId: 'hold-ja' });
  const back = play(run.state, { name: 'held', party: 'p1', held: false });
  t.deepEqual(heard(back.state, 'c1:a'), { kind: 'relay', from: 'c1:b' });
  t.is(back.state.record.holds.length, 1);
  t.not(back.state.record.holds[0]?.toMs, null);
});

test('a blind transfer rings the other phone, and the first one may hang up meanwhile (RFC 5589 §6.1)', (t) => {
  const asked = play(talking(), { name: 'refer', party: 'p1', referId: 7, extension: '203' });
  t.deepEqual(doing(asked), ['acceptRefer', 'ring', 'startTimer']);
  const ringing: CallEvent = { name: 'rung', legId: 'c1:c', ringing: [phone('p3', '203')] };
  const gone = play(asked.state, ringing, {
    name: 'partyEnded',
    party: 'p1',
    how: 'bye',
    status: null,
  });
  t.is(gone.state.phase, 'bridged');
  t.deepEqual(heard(gone.state, 'c1:a'), { kind: 'tone', tone: 'ringback' });
  const taken = play(gone.state, { name: 'answered', party: 'p3' });
  t.deepEqual(heard(taken.state, 'c1:a'), { kind: 'relay', from: 'c1:c' });
  t.like(taken.state.record.transfers[0], { from: '201', to: '203', how: 'blind' });
});

test('a transfer that nobody takes leaves the call with the one who tried', (t) => {
  const ringing: CallEvent = { name: 'rung', legId: 'c1:c', ringing: [phone('p3', '203')] };
  const asked = play(
    talking(),
    { name: 'refer', party: 'p1', referId: 7, extension: '203' },
    ringing,
  );
  const run = play(asked.state, { name: 'partyEnded', party: 'p3', how: 'rejected', status: 486 });
  t.true(run.effects.some((effect) => effect.do === 'notifyRefer' && effect.status === 486));
  t.deepEqual(heard(run.state, 'c1:a'), { kind: 'relay', from: 'c1:b' });
});

test("the line may not transfer the shop's call", (t) => {
  const run = play(talking(), { name: 'refer', party: 'a', referId: 1, extension: '203' });
  t.like(run.effects[0], { do: 'rejectRefer', status: 403 });
});

test('a leg of another dialog takes over, and the old one is hung up (RFC 3891)', (t) => {
  const leg: Leg = {
    party: 'p9',
    legId: 'c2:b',
    speaker: 'staff',
    who: '202',
    dialog: 'confirmed',
    held: false,
  };
  const run = play(talking(), { name: 'replaced', party: 'p1', leg, how: 'attended', referId: 4 });
  t.deepEqual(heard(run.state, 'c1:a'), { kind: 'relay', from: 'c2:b' });
  t.deepEqual(doing(run), ['notifyRefer', 'hangUp', 'tell']);
});

test('a call that goes out passes early media, then answers the phone when the line does', (t) => {
  const start = beginCall(
    outgoing,
    { ...rules, announcement: 'skip', target: { kind: 'line', number: '0300002222' } },
    0,
  );
  const early = play(
    start,
    { name: 'mediaReady' },
    rung({ party: 'p1', who: 'line', progress: 'calling' }),
    {
      name: 'progress',
      party: 'p1',
      early: true,
    },
  );
  t.deepEqual(early.effects, [{ do: 'progressA', early: true }]);
  t.deepEqual(heard(early.state, 'c1:a'), { kind: 'relay', from: 'c1:b' });
  const run = play(early.state, { name: 'answered', party: 'p1' });
  t.true(doing(run).includes('answerA'));
  t.is(run.state.b?.speaker, 'caller');
});

test('a line that is busy tells the phone so', (t) => {
  const start = beginCall(
    outgoing,
    { ...rules, announcement: 'skip', target: { kind: 'line', number: '0300002222' } },
    0,
  );
  const run = play(
    start,
    { name: 'mediaReady' },
    rung({ party: 'p1', who: 'line', progress: 'calling' }),
    {
      name: 'partyEnded',
      party: 'p1',
      how: 'rejected',
      status: 486,
    },
  );
  t.deepEqual(run.effects[0], { do: 'rejectA', status: 486 });
  t.is(run.state.record.outcome, 'busy');
});

test('when no phone is free the caller waits with a message, and is announced when one becomes free', (t) => {
  const waiting = play(begin({ opening: 'wait' }), { name: 'mediaReady' }, confirmed);
  t.like(heard(waiting.state, 'c1:a'), { kind: 'play', promptId: 'waiting-ja', repeat: true });
  const run = play(waiting.state, { name: 'phoneFree' });
  t.is(run.state.phase, 'announcing');
});

test('whatever happens in whatever order, a call ends once, hangs up everyone, and nobody hears another call', (t) => {
  for (let seed = 1; seed <= 400; seed += 1) {
    const random = new SeededRandom(seed);
    const parties = ['a', 'p1', 'p2', 'p3', 'p9'];
    const out = random.below(2) === 0;
    let state = out
      ? beginCall(
          outgoing,
          { ...rules, announcement: 'skip', target: { kind: 'line', number: '1' } },
          0,
        )
      : begin({ opening: random.pick(['announce', 'wait']) });
    const alive = new Set<string>(['a']);
    let finished = 0;
    for (let turn = 0; turn < 60; turn += 1) {
      const party = random.pick(parties);
      const legId = `c1:${random.pick(['b', 'c', 'd'])}`;
      const events: readonly CallEvent[] = [
        { name: 'mediaReady' },
        { name: 'confirmed', party },
        {
          name: 'playEnded',
          playId: random.pick(['announcement', 'apology']),
          atMs: turn,
          completed: true,
        },
        {
          name: 'rung',
          legId,
          ringing: random.below(4) === 0 ? [] : [phone('p1', '201'), phone('p2', '202')],
        },
        { name: 'progress', party, early: random.below(2) === 0 },
        { name: 'answered', party },
        { name: 'partyEnded', party, how: 'bye', status: random.pick([null, 486, 487]) },
        { name: 'held', party, held: random.below(2) === 0 },
        { name: 'refer', party, referId: turn, extension: '203' },
        { name: 'phoneFree' },
        { name: 'faxTone' },
        { name: 'timer', timer: random.pick(['announcement', 'ring', 'wait', 'apology']) },
        ...(turn > 40 ? [{ name: 'hangUp' } as const] : []),
      ];
      const event = random.pick(events);
      if (event.name === 'rung') for (const one of event.ringing) alive.add(one.party);
      if (event.name === 'partyEnded') alive.delete(event.party);
      const [next, effects] = step(state, event, turn);
      for (const effect of effects) {
        if (effect.do === 'hangUp') alive.delete(effect.party);
        if (effect.do === 'rejectA') alive.delete('a');
        if (effect.do === 'finish') finished += 1;
      }
      t.true(state.phase !== 'ended' || next.phase === 'ended', `seed ${seed}: a call came back`);
      for (const plan of mediaPlan(next)) {
        if (plan.source.kind === 'relay')
          t.true(plan.source.from.startsWith('c1:'), `seed ${seed}`);
      }
      state = next;
    }
    t.is(finished, state.phase === 'ended' ? 1 : 0, `seed ${seed}`);
    t.deepEqual(structuredClone(state), state);
  }
});
