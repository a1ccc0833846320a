import test from 'ava';
import { FakeClock } from '../../../base/testing/fake-clock.js';
import { SeededRandom } from '../../../base/testing/seeded-random.js';
import type { Timer } from '../../../base/index.js';
import { inviteFromPeer, field } from './testing/stage.js';
import {
  agreedByResponse,
  answerSessionTimer,
  minSeOf,
  sessionExpiresOf,
  stepSessionTimer,
  type SessionTimerEvent,
  type SessionTimerState,
} from './session-timer-machine.js';

test('a session without refresh ends min(32 s, a third) before its time, whoever refreshes (RFC 4028 §10)', (t) => {
  const random = new SeededRandom(41);
  for (let run = 0; run < 300; run += 1) {
    const clock = new FakeClock();
    let state: SessionTimerState = { name: 'off' };
    let half: Timer | null = null;
    let almost: Timer | null = null;
    let agreedAtMs = 0;
    let intervalS = 0;
    const expiredAtMs: number[] = [];
    const step = (event: SessionTimerEvent): void => {
      const [next, effects] = stepSessionTimer(state, event);
      state = next;
      for (const effect of effects) {
        if (effect.do === 'wait' || effect.do === 'stopWaiting') {
          half?.cancel();
          almost?.cancel();
        }
        if (effect.do === 'wait') {
          if (effect.halfMs !== null)
            half = clock.after(effect.halfMs, () => step({ name: 'halfDue' }));
          almost = clock.after(effect.almostOverMs, () => step({ name: 'almostOver' }));
        }
        if (effect.do === 'refresh') t.is(clock.monotonicMs() - agreedAtMs, intervalS * 500);
        if (effect.do === 'expire') expiredAtMs.push(clock.monotonicMs() - agreedAtMs);
      }
      t.is(clock.pendingCount > 0, state.name !== 'off');
    };
    for (let n = 0; n < 6; n += 1) {
      intervalS = 90 + random.below(2_000);
      agreedAtMs = clock.monotonicMs();
      const agreed = { intervalS, weRefresh: random.below(2) === 0 };
      step({ name: 'agreed', agreed, elapsedMs: 0 });
      clock.advance(random.below(50_000));
    }
    clock.advance(3_000_000);
    t.deepEqual(expiredAtMs, [intervalS * 1_000 - Math.min(32_000, (intervalS * 1_000) / 3)]);
    t.is(clock.pendingCount, 0);
  }
});

const asked = (...headers: { name: string; value: string }[]): ReturnType<typeof inviteFromPeer> =>
  inviteFromPeer({ headers });

test('Session-Expires is read leniently and clamped; nonsense is none (RFC 4028 §4)', (t) => {
  const read = (value: string): ReturnType<typeof sessionExpiresOf> =>
    sessionExpiresOf(asked(field('Session-Expires', value)));
  t.deepEqual(read(' 300 ; Refresher = UAS;x=1'), { intervalS: 300, refresher: 'uas' });
  t.deepEqual(read('4294967296'), { intervalS: 86_400, refresher: null });
  for (const value of ['', ';refresher=uac', '-1', '3e9', '99999999999', 'x'.repeat(60_000)]) {
    t.is(read(value), null, value.slice(0, 20));
  }
  t.is(minSeOf(asked(field('Min-SE', '10'))), 90);
  t.is(minSeOf(asked(field('Min-SE', '9999999999'))), 86_400);
});

test('a peer that cannot refresh leaves it to us, and gets no 422 (RFC 4028 §9)', (t) => {
  t.like(answerSessionTimer(asked(field('Session-Expires', '60')), 90), {
    verdict: 'fine',
    agreed: { intervalS: 90, weRefresh: true },
    headers: [{ name: 'Session-Expires', value: '90;refresher=uas' }],
  });
  t.like(answerSessionTimer(asked(field('Supported', 'timer')), 90), { agreed: null });
});

test('a 2xx that names no refresher leaves it to the caller; a tiny interval is held at 90 s', (t) => {
  const said = (value: string): ReturnType<typeof agreedByResponse> =>
    agreedByResponse(asked(field('Session-Expires', value)));
  t.deepEqual(said('1'), { intervalS: 90, weRefresh: true });
  t.deepEqual(said('300;refresher=uas'), { intervalS: 300, weRefresh: false });
  t.is(agreedByResponse(asked()), null);
});
