/**
 * Our registration at the gateway (RFC 3261 §10.2).
 *
 *   unregistered --start--> registering --accepted--> registered --due/kicked--> refreshing --accepted--> registered
 *                            ^   |  \                                             |
 *                            |   |   \--refused, timed out, wrong password--------+--> failed
 *                            |   \-challenged, intervalTooBrief: asked again, same state           |
 *                            \--due/kicked---------------------------------------------------------/
 *
 *   any --stop--> unregistering --accepted/refused/timedOut--> closed      (nothing registered: closed at once)
 *
 * Every request that goes out has a higher CSeq than the one before; the driver lets only the newest one's answer in, so
 * that of two racing REGISTERs the higher CSeq wins.
 */

/** Why the line is not registered. */
export type RegistrationFailure =
  | { readonly kind: 'refused'; readonly status: number }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'transport' }
  /** The gateway challenged again what we answered with its own fresh nonce. */
  | { readonly kind: 'wrongPassword' }
  /** No credentials, or a challenge that we cannot answer. */
  | { readonly kind: 'unanswerable' };

/** One REGISTER and its repeats for 401, 407 and 423. */
interface Attempt {
  readonly expiresS: number;
  /** Challenges answered so far; `staleAnswered`: one of them said stale=true. */
  readonly isAnswered: boolean;
  readonly staleAnswered: boolean;
  /** Interval-too-brief answers obeyed so far. */
  readonly isLengthened: boolean;
}

export type RegistrationState =
  | { readonly name: 'unregistered' | 'closed' }
  | {
      readonly name: 'registering' | 'refreshing' | 'unregistering';
      readonly attempt: Attempt;
      /** Failures in a row before this attempt. */
      readonly failures: number;
    }
  | { readonly name: 'registered'; readonly expiresS: number }
  | { readonly name: 'failed'; readonly failures: number; readonly why: RegistrationFailure };

export type RegistrationEvent =
  | { readonly name: 'start' }
  /** 2xx. `expiresS`: what the gateway granted; null when it said nothing. */
  | { readonly name: 'accepted'; readonly expiresS: number | null }
  | { readonly name: 'challenged'; readonly stale: boolean; readonly canAnswer: boolean }
  /** 423; null without a Min-Expires. */
  | { readonly name: 'intervalTooBrief'; readonly minExpiresS: number | null }
  | {
      readonly name: 'refused';
      readonly status: number;
      readonly retryAfterS: number | null;
    }
  | { readonly name: 'timedOut' }
  | { readonly name: 'transportFailed' }
  /** The timer that the last `wait` set. */
  | { readonly name: 'due' }
  /** The gateway is back: do not wait for the timer. */
  | { readonly name: 'kicked' }
  | { readonly name: 'stop' };

export type RegistrationEffect =
  /** Send a REGISTER with the next CSeq; `answer`: with the answer to the challenge just received. */
  | { readonly do: 'register'; readonly expiresS: number; readonly answer: boolean }
  /** Replaces any earlier wait. With jitter the driver waits up to 25 % longer or shorter. */
  | { readonly do: 'wait'; readonly delayMs: number; readonly jitter: boolean }
  | { readonly do: 'stopWaiting' }
  | { readonly do: 'countStray' };

export type RegistrationStep = readonly [
  next: RegistrationState,
  effects: readonly RegistrationEffect[],
];

/** What we ask for, s. */
export const EXPIRES_WANTED_S = 3_600;
const EXPIRES_MAX_S = 86_400;
/** A gateway that grants less would make us register all the time. */
const EXPIRES_MIN_S = 10;
const BACK_OFF_FIRST_MS = 2_000;
const BACK_OFF_MAX_MS = 60_000;
/** A wrong password mends itself only by a person; asking fast gets us locked out. */
const WRONG_PASSWORD_WAIT_MS = 60_000;
const RETRY_AFTER_MAX_S = 300;

const CLOSED: RegistrationState = { name: 'closed' };
export const UNREGISTERED: RegistrationState = { name: 'unregistered' };

/** Gateways repeat and race: a stray event is counted and ignored. */
const stray = (state: RegistrationState): RegistrationStep => [state, [{ do: 'countStray' }]];

const firstAttempt = (expiresS: number): Attempt => ({
  expiresS,
  isAnswered: false,
  staleAnswered: false,
  isLengthened: false,
});

export function step(state: RegistrationState, event: RegistrationEvent): RegistrationStep {
  if (state.name === 'closed') return stray(state);
  if (event.name === 'stop') return stop(state);
  switch (state.name) {
    case 'unregistered':
      return event.name === 'start' ? ask('registering', 0) : stray(state);
    case 'registered':
      return event.name === 'due' || event.name === 'kicked' ? ask('refreshing', 0) : stray(state);
    case 'failed':
      return event.name === 'due' || event.name === 'kicked'
        ? ask('registering', state.failures)
        : stray(state);
    case 'registering':
    case 'refreshing':
    case 'unregistering':
      return answered(state, event);
  }
}

type Asking = Extract<RegistrationState, { readonly attempt: Attempt }>;

function ask(name: 'registering' | 'refreshing', failures: number): RegistrationStep {
  return [
    { name, attempt: firstAttempt(EXPIRES_WANTED_S), failures },
    [{ do: 'stopWaiting' }, { do: 'register', expiresS: EXPIRES_WANTED_S, answer: false }],
  ];
}

function answered(state: Asking, event: RegistrationEvent): RegistrationStep {
  const { attempt } = state;
  switch (event.name) {
    case 'accepted':
      return state.name === 'unregistering' ? [CLOSED, []] : accepted(attempt, event.expiresS);
    case 'challenged':
      return challenged(state, event);
    case 'intervalTooBrief': {
      const wantedS = event.minExpiresS ?? 0;
      if (attempt.isLengthened || wantedS <= attempt.expiresS || wantedS > EXPIRES_MAX_S) {
        return fail(state, { kind: 'refused', status: 423 }, null);
      }
      return [
        { ...state, attempt: { ...firstAttempt(wantedS), isLengthened: true } },
        [{ do: 'register', expiresS: wantedS, answer: false }],
      ];
    }
    case 'refused':
      return fail(state, { kind: 'refused', status: event.status }, event.retryAfterS);
    case 'timedOut':
      return fail(state, { kind: 'timeout' }, null);
    case 'transportFailed':
      return fail(state, { kind: 'transport' }, null);
    case 'kicked':
      // The one under way may have gone to a gateway that was still starting; the newer CSeq wins.
      return state.name === 'unregistering' ? stray(state) : ask(state.name, state.failures);
    default:
      return stray(state);
  }
}

function accepted(attempt: Attempt, grantedS: number | null): RegistrationStep {
  const expiresS = clamp(grantedS ?? attempt.expiresS, EXPIRES_MIN_S, EXPIRES_MAX_S);
  return [
    { name: 'registered', expiresS },
    [{ do: 'wait', delayMs: refreshDelayMs(expiresS), jitter: false }],
  ];
}

/** At 80 % or 30 s before the end, whichever is first; but never before half of a short time. */
export function refreshDelayMs(expiresS: number): number {
  return Math.max(Math.min(expiresS * 0.8, expiresS - 30), expiresS * 0.5) * 1_000;
}

function challenged(
  state: Asking,
  event: Extract<RegistrationEvent, { readonly name: 'challenged' }>,
): RegistrationStep {
  const { attempt } = state;
  if (!event.canAnswer) return fail(state, { kind: 'unanswerable' }, null);
  // A second challenge is our mistake, unless only the nonce was too old; and that only once.
  if (attempt.isAnswered && (!event.stale || attempt.staleAnswered)) {
    return fail(state, { kind: 'wrongPassword' }, null);
  }
  return [
    {
      ...state,
      attempt: { ...attempt, isAnswered: true, staleAnswered: attempt.isAnswered },
    },
    [{ do: 'register', expiresS: attempt.expiresS, answer: true }],
  ];
}

function fail(
  state: Asking,
  why: RegistrationFailure,
  retryAfterS: number | null,
): RegistrationStep {
  if (state.name === 'unregistering') return [CLOSED, []];
  const failures = state.failures + 1;
  const backOffMs = Math.min(BACK_OFF_FIRST_MS * 2 ** Math.min(failures - 1, 16), BACK_OFF_MAX_MS);
  const delayMs =
    why.kind === 'wrongPassword'
      ? WRONG_PASSWORD_WAIT_MS
      : Math.max(backOffMs, Math.min(retryAfterS ?? 0, RETRY_AFTER_MAX_S) * 1_000);
  return [{ name: 'failed', failures, why }, [{ do: 'wait', delayMs, jitter: true }]];
}

function stop(state: RegistrationState): RegistrationStep {
  switch (state.name) {
    case 'registering':
    case 'refreshing':
    case 'registered':
      return [
        { name: 'unregistering', attempt: firstAttempt(0), failures: 0 },
        [{ do: 'stopWaiting' }, { do: 'register', expiresS: 0, answer: false }],
      ];
    case 'unregistering':
      return stray(state);
    default:
      return [CLOSED, [{ do: 'stopWaiting' }]];
  }
}

function clamp(value: number, min: number, max: number): number {
  return Math.max(min, Math.min(value, max));
}
