import test from 'ava';

import { SeededRandom } from '../../../base/testing/seeded-random.js';
import {
  startInviteClient,
  stepInviteClient,
  type InviteClientEvent,
  type InviteClientState,
} from './invite-client-machine.js';
import {
  startInviteServer,
  stepInviteServer,
  type InviteServerEvent,
  type InviteServerState,
} from './invite-server-machine.js';
import {
  startNonInviteClient,
  stepNonInviteClient,
  type NonInviteClientEvent,
  type NonInviteClientState,
} from './non-invite-client-machine.js';
import {
  startNonInviteServer,
  stepNonInviteServer,
  type NonInviteServerEvent,
  type NonInviteServerState,
} from './non-invite-server-machine.js';
import type { TimerName } from './timers.js';

interface Walk {
  readonly states: readonly string[];
  /** Every effect in order; a started timer as `start A`. */
  readonly effects: readonly string[];
  /** Timers that still run at the end; a terminated machine's are stopped by its driver. */
  readonly running: ReadonlySet<TimerName>;
}

interface Stepped<State> {
  readonly 0: State;
  readonly 1: readonly { readonly do: string; readonly timer?: TimerName }[];
}

/** Walks at random, with only such timers firing as run: what a driver on a real network could do to the machine. */
function walk<State extends { readonly name: string }, Event>(
  first: Stepped<State>,
  step: (state: State, event: Event) => Stepped<State>,
  choose: (running: readonly TimerName[]) => Event,
): Walk {
  const running = new Set<TimerName>();
  const effects: string[] = [];
  const states: string[] = [];
  let [state, next] = [first[0], first[1]];
  for (let steps = 0; steps < 60 && state.name !== 'terminated'; steps += 1) {
    for (const effect of next) {
      effects.push(effect.timer === undefined ? effect.do : `${effect.do} ${effect.timer}`);
      if (effect.do === 'start' && effect.timer !== undefined) running.add(effect.timer);
      if (effect.do === 'stop' && effect.timer !== undefined) running.delete(effect.timer);
    }
    states.push(state.name);
    const event = choose([...running]);
    if (isTimer(event)) running.delete(event.timer);
    [state, next] = (({ 0: s, 1: e }) => [s, e] as const)(step(state, event));
  }
  for (const effect of next) effects.push(effect.do);
  states.push(state.name);
  return { states, effects, running };
}

function isTimer(event: unknown): event is { readonly name: 'timer'; readonly timer: TimerName } {
  return typeof event === 'object' && event !== null && 'timer' in event;
}

const count = (effects: readonly string[], name: string): number =>
  effects.filter((effect) => effect === name).length;

const STATUSES = [100, 180, 200, 202, 302, 404, 486, 503, 603];
const SEEDS = Array.from({ length: 2_000 }, (_, seed) => seed + 1);

test('an INVITE client, whatever comes, ends once, reports one end, and acknowledges every failure it passes', (t) => {
  for (const seed of SEEDS) {
    const random = new SeededRandom(seed);
    const first = startInviteClient(seed % 2 === 0);
    const { states, effects } = walk<InviteClientState, InviteClientEvent>(
      first,
      stepInviteClient,
      (running) => {
        if (running.length > 0 && random.below(3) === 0) {
          return { name: 'timer', timer: random.pick(running) };
        }
        const other = random.below(12);
        if (other === 0) return { name: 'transportError' };
        if (other === 1) return { name: 'cancelSent' };
        return { name: 'response', status: random.pick(STATUSES) };
      },
    );
    const reports = count(effects, 'reportTimeout') + count(effects, 'reportTransportError');
    t.true(reports <= 1, `seed ${seed}`);
    t.is(count(effects, 'terminate'), states.at(-1) === 'terminated' ? 1 : 0, `seed ${seed}`);
    if (states.includes('completed')) t.true(count(effects, 'sendAck') >= 1, `seed ${seed}`);
    if (states.includes('accepted')) t.is(count(effects, 'sendAck') + reports, 0, `seed ${seed}`);
    const waits = ['start B', 'start D', 'start M', 'start cancel'].some((one) =>
      effects.includes(one),
    );
    t.true(waits, `seed ${seed}`);
  }
});

test('a non-INVITE client, whatever comes, ends once and passes one final response or reports one end', (t) => {
  for (const seed of SEEDS) {
    const random = new SeededRandom(seed);
    let finals = 0;
    const { states, effects, running } = walk<NonInviteClientState, NonInviteClientEvent>(
      startNonInviteClient(seed % 2 === 0),
      (state, event) => {
        const stepped = stepNonInviteClient(state, event);
        const isFinal = event.name === 'response' && event.status >= 200;
        if (isFinal && stepped[1].some((effect) => effect.do === 'pass')) finals += 1;
        return stepped;
      },
      (timers) => {
        if (timers.length > 0 && random.below(2) === 0) {
          return { name: 'timer', timer: random.pick(timers) };
        }
        if (random.below(15) === 0) return { name: 'transportError' };
        return { name: 'response', status: random.pick(STATUSES) };
      },
    );
    const reports = count(effects, 'reportTimeout') + count(effects, 'reportTransportError');
    const isOver = states.at(-1) === 'terminated';
    t.is(finals + reports, isOver || states.at(-1) === 'completed' ? 1 : 0, `seed ${seed}`);
    t.true(isOver || running.size > 0, `seed ${seed}: it waits for nothing`);
  }
});

test('an INVITE server, whatever comes, ends once, and no failure leaves it after a 2xx or the other way round', (t) => {
  for (const seed of SEEDS) {
    const random = new SeededRandom(seed);
    const sent: number[] = [];
    const { states, effects, running } = walk<InviteServerState, InviteServerEvent>(
      [startInviteServer(seed % 2 === 0), []],
      (state, event) => {
        const stepped = stepInviteServer(state, event);
        if (event.name === 'respond' && stepped[1].some((effect) => effect.do === 'sendResponse')) {
          sent.push(event.status);
        }
        return stepped;
      },
      (timers) => {
        if (timers.length > 0 && random.below(3) === 0) {
          return { name: 'timer', timer: random.pick(timers) };
        }
        const other = random.below(10);
        if (other === 0) return { name: 'transportError' };
        if (other < 3) return { name: 'request' };
        if (other < 5) return { name: 'ack' };
        return { name: 'respond', status: random.pick(STATUSES) };
      },
    );
    const finals = sent.filter((status) => status >= 200);
    t.true(
      finals.every((status) => status < 300) || finals.length === 1,
      `seed ${seed}: ${sent.join()}`,
    );
    t.true(count(effects, 'reportEnded') <= 1, `seed ${seed}`);
    const isOver = states.at(-1) === 'terminated';
    t.true(isOver || states.at(-1) === 'proceeding' || running.size > 0, `seed ${seed}`);
  }
});

test('a non-INVITE server, whatever comes, sends one final response and repeats no other', (t) => {
  for (const seed of SEEDS) {
    const random = new SeededRandom(seed);
    let finals = 0;
    const { states, effects } = walk<NonInviteServerState, NonInviteServerEvent>(
      [startNonInviteServer(seed % 2 === 0), []],
      (state, event) => {
        const stepped = stepNonInviteServer(state, event);
        const isFinal = event.name === 'respond' && event.status >= 200;
        if (isFinal && stepped[1].some((effect) => effect.do === 'sendResponse')) finals += 1;
        return stepped;
      },
      (timers) => {
        if (timers.length > 0 && random.below(3) === 0) {
          return { name: 'timer', timer: random.pick(timers) };
        }
        const other = random.below(8);
        if (other === 0) return { name: 'transportError' };
        return other < 4 ? { name: 'request' } : { name: 'respond', status: random.pick(STATUSES) };
      },
    );
    t.is(
      finals,
      states.includes('completed') || states.at(-1) === 'terminated' ? 1 : 0,
      `seed ${seed}`,
    );
    t.true(count(effects, 'terminate') <= 1, `seed ${seed}`);
  }
});
