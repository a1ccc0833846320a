import type { HeaderField } from '../message/sip-message.js';
import { GIVE_UP_MS, T1_MS } from './dialog-timers.js';

/**
 * Our reliable provisional responses (RFC 3262 §3), one in flight at a time.
 *
 *   quiet --send--> waiting --prack--> quiet (or waiting, when another was queued)
 *                    |    \--due--> waiting (again, interval doubled)
 *                    |    \--due, 64*T1 after the first--> failed
 *                    \--final--> quiet
 */
export interface Provisional {
  readonly status: number;
  readonly sdp: string | null;
  readonly headers: readonly HeaderField[];
}
export interface ReliableState {
  /** RSeq of the last one sent, 1…2^31−1. */
  readonly rSeq: number;
  readonly waiting: {
    readonly response: Provisional;
    readonly intervalMs: number;
    readonly dueAfterMs: number;
  } | null;
  readonly queue: readonly Provisional[];
  /** What had no PRACK yet when the final response went out: its PRACK may still come, and is no stranger. */
  readonly overtaken: Provisional | null;
}
export type ReliableEvent =
  | { readonly name: 'send'; readonly response: Provisional }
  | { readonly name: 'prack'; readonly rSeq: number }
  | { readonly name: 'due' }
  | { readonly name: 'final' };
export type ReliableEffect =
  | { readonly do: 'send'; readonly response: Provisional; readonly rSeq: number }
  | { readonly do: 'wait'; readonly ms: number }
  /** Answer the PRACK 200; `response` is what it acknowledged. */
  | { readonly do: 'acknowledged'; readonly response: Provisional }
  /** Answer the PRACK 481. */
  | { readonly do: 'unmatched' }
  | { readonly do: 'stopWaiting' | 'giveUp' | 'countDropped' };
type Step = readonly [ReliableState, readonly ReliableEffect[]];

/** Provisional responses that wait for the PRACK of an earlier one; more are dropped and counted. */
export const RELIABLE_QUEUE_MAX = 4;

/** @param firstRSeq the RSeq before the first, 0…2^31−2 (RFC 3262 §3: chosen at random) */
export function startReliable(firstRSeq: number): ReliableState {
  return { rSeq: firstRSeq, waiting: null, queue: [], overtaken: null };
}

export function stepReliable(state: ReliableState, event: ReliableEvent): Step {
  switch (event.name) {
    case 'send':
      if (state.waiting === null) return send(state, event.response);
      if (state.queue.length >= RELIABLE_QUEUE_MAX) return [state, [{ do: 'countDropped' }]];
      return [{ ...state, queue: [...state.queue, event.response] }, []];
    case 'prack':
      return acknowledge(state, event.rSeq);
    case 'due':
      return repeat(state);
    case 'final':
      return [
        { ...state, waiting: null, queue: [], overtaken: state.waiting?.response ?? null },
        state.waiting === null ? [] : [{ do: 'stopWaiting' }],
      ];
  }
}

/** A 2xx must wait while an answer or offer of ours is unacknowledged (RFC 3262 §3). */
export function holdsFinal(state: ReliableState): boolean {
  const { waiting, queue } = state;
  return waiting !== null && [waiting.response, ...queue].some((one) => one.sdp !== null);
}

function send(state: ReliableState, response: Provisional): Step {
  const rSeq = state.rSeq + 1;
  return [
    { ...state, rSeq, waiting: { response, intervalMs: T1_MS, dueAfterMs: T1_MS } },
    [
      { do: 'send', response, rSeq },
      { do: 'wait', ms: T1_MS },
    ],
  ];
}

function acknowledge(state: ReliableState, rSeq: number): Step {
  if (state.overtaken !== null && rSeq === state.rSeq) {
    return [
      { ...state, overtaken: null },
      [{ do: 'acknowledged', response: { ...state.overtaken, sdp: null } }],
    ];
  }
  if (state.waiting === null || rSeq !== state.rSeq) return [state, [{ do: 'unmatched' }]];
  const { response } = state.waiting;
  const done: readonly ReliableEffect[] = [{ do: 'stopWaiting' }, { do: 'acknowledged', response }];
  const [next, ...queue] = state.queue;
  if (next === undefined) return [{ ...state, waiting: null }, done];
  const [sent, effects] = send({ ...state, queue }, next);
  return [sent, [...done, ...effects]];
}

function repeat(state: ReliableState): Step {
  const { waiting } = state;
  if (waiting === null) return [state, []];
  if (waiting.dueAfterMs >= GIVE_UP_MS) {
    return [{ ...state, waiting: null, queue: [] }, [{ do: 'giveUp' }]];
  }
  const doubled = waiting.intervalMs * 2;
  const ms = Math.min(doubled, GIVE_UP_MS - waiting.dueAfterMs);
  const next = { ...waiting, intervalMs: doubled, dueAfterMs: waiting.dueAfterMs + ms };
  return [
    { ...state, waiting: next },
    [
      { do: 'send', response: waiting.response, rSeq: state.rSeq },
      { do: 'wait', ms },
    ],
  ];
}
