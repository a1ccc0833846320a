import { hasToken, headerOf, type HeaderField, type SipMessage } from '../message/sip-message.js';

/**
 * The session timer (RFC 4028).
 *
 *   off --agreed(interval)--> running --half, we refresh--> refreshing --agreed--> running
 *    ^                           |  ^                           |  |
 *    |                           |  \------refreshFailed (10 s)-/  |
 *    \--agreed(none) | closed----+-- almost over ------------------+--> off (BYE)
 */
export interface SessionInterval {
  readonly intervalS: number;
  readonly weRefresh: boolean;
}
export type SessionTimerState =
  | { readonly name: 'off' }
  | { readonly name: 'running' | 'refreshing'; readonly agreed: SessionInterval };
export type SessionTimerEvent =
  /** A 2xx to INVITE, re-INVITE or UPDATE: what was agreed. `elapsedMs` > 0 only for a restored session. */
  | {
      readonly name: 'agreed';
      readonly agreed: SessionInterval | null;
      readonly elapsedMs: number;
    }
  | { readonly name: 'halfDue' }
  /** Refused, or not sent, but the dialog stands. */
  | { readonly name: 'refreshFailed' }
  | { readonly name: 'almostOver' }
  | { readonly name: 'closed' };
export type SessionTimerEffect =
  /** Replaces both waits. */
  | { readonly do: 'wait'; readonly halfMs: number | null; readonly almostOverMs: number }
  /** For another refresh; the end stays where it is. */
  | { readonly do: 'waitAgain'; readonly ms: number }
  | { readonly do: 'stopWaiting' | 'refresh' | 'expire' };
type Step = readonly [SessionTimerState, readonly SessionTimerEffect[]];

/** RFC 4028 §5: no interval may be smaller, s. */
export const MIN_SE_S = 90;
/** Longer is taken as this, s: one day. */
export const SESSION_EXPIRES_MAX_S = 86_400;
/** Until a refused refresh is tried again, ms. */
const REFRESH_RETRY_MS = 10_000;
const OFF: SessionTimerState = { name: 'off' };

export function stepSessionTimer(state: SessionTimerState, event: SessionTimerEvent): Step {
  switch (event.name) {
    case 'agreed':
      return event.agreed === null
        ? [OFF, [{ do: 'stopWaiting' }]]
        : run(event.agreed, event.elapsedMs);
    case 'halfDue':
      if (state.name !== 'running' || !state.agreed.weRefresh) return [state, []];
      return [{ ...state, name: 'refreshing' }, [{ do: 'refresh' }]];
    case 'refreshFailed':
      if (state.name !== 'refreshing') return [state, []];
      return [{ ...state, name: 'running' }, [{ do: 'waitAgain', ms: REFRESH_RETRY_MS }]];
    case 'almostOver':
      return state.name === 'off' ? [state, []] : [OFF, [{ do: 'stopWaiting' }, { do: 'expire' }]];
    case 'closed':
      return [OFF, [{ do: 'stopWaiting' }]];
  }
}

function run(agreed: SessionInterval, elapsedMs: number): Step {
  const wholeMs = agreed.intervalS * 1_000;
  // RFC 4028 §10: BYE min(32 s, a third) before the end.
  const almostOverMs = wholeMs - Math.min(32_000, wholeMs / 3);
  const halfMs = agreed.weRefresh ? Math.max(0, wholeMs / 2 - elapsedMs) : null;
  return [
    { name: 'running', agreed },
    [{ do: 'wait', halfMs, almostOverMs: Math.max(1_000, almostOverMs - elapsedMs) }],
  ];
}

/** `Session-Expires` as read; null when absent or malformed. */
export interface SessionExpires {
  readonly intervalS: number;
  readonly refresher: 'uac' | 'uas' | null;
}

export function sessionExpiresOf(message: SipMessage): SessionExpires | null {
  const [first, ...params] = (headerOf(message, 'Session-Expires') ?? '').split(';', 8);
  const intervalS = deltaSecondsOf(first);
  if (intervalS === null) return null;
  const refreshers = params
    .map((param) => /^\s*refresher\s*=\s*(uac|uas)\s*$/i.exec(param)?.[1]?.toLowerCase())
    .filter((one) => one !== undefined);
  const refresher = refreshers[0] === 'uac' || refreshers[0] === 'uas' ? refreshers[0] : null;
  return { intervalS: Math.min(intervalS, SESSION_EXPIRES_MAX_S), refresher };
}

/** @returns `Min-SE`, at least 90 s */
export function minSeOf(message: SipMessage): number {
  const text = headerOf(message, 'Min-SE')?.split(';', 1)[0];
  const minS = deltaSecondsOf(text) ?? MIN_SE_S;
  return Math.min(Math.max(MIN_SE_S, minS), SESSION_EXPIRES_MAX_S);
}

function deltaSecondsOf(text: string | undefined): number | null {
  const trimmed = (text ?? '').trim();
  return /^[0-9]{1,10}$/.test(trimmed) ? Number(trimmed) : null;
}

/** What a UAS makes of a request (RFC 4028 §9): 422, no timer, or the timer and the headers that say so. */
export type UasTimer =
  | { readonly verdict: 'tooSmall' }
  | {
      readonly verdict: 'fine';
      readonly agreed: SessionInterval | null;
      readonly headers: readonly HeaderField[];
    };

/** @param minSeS our own minimum, s */
export function answerSessionTimer(request: SipMessage, minSeS: number): UasTimer {
  const asked = sessionExpiresOf(request);
  const peerCan = hasToken(request, 'Supported', 'timer') || hasToken(request, 'Require', 'timer');
  if (asked === null) return { verdict: 'fine', agreed: null, headers: [] };
  if (asked.intervalS < minSeS && peerCan) return { verdict: 'tooSmall' };
  // A peer that cannot refresh leaves it to us (RFC 4028 §9, table 2).
  const refresher = peerCan ? (asked.refresher ?? 'uac') : 'uas';
  const intervalS = Math.max(asked.intervalS, minSeS);
  const expires = { name: 'Session-Expires', value: `${intervalS};refresher=${refresher}` };
  const headers = refresher === 'uac' ? [expires, { name: 'Require', value: 'timer' }] : [expires];
  return {
    verdict: 'fine',
    agreed: { intervalS, weRefresh: refresher === 'uas' },
    headers,
  };
}

/** What the 2xx to our request agreed (RFC 4028 §7.2); null: no timer. */
export function agreedByResponse(success: SipMessage): SessionInterval | null {
  const said = sessionExpiresOf(success);
  if (said === null) return null;
  const intervalS = Math.max(said.intervalS, MIN_SE_S);
  return { intervalS, weRefresh: said.refresher !== 'uas' };
}

/** The headers by which a request of ours asks for a timer (RFC 4028 §7.1, §7.4). */
export function askSessionTimer(
  intervalS: number,
  minSeS: number,
  refresher: 'uac' | 'uas' | null,
): readonly HeaderField[] {
  const suffix = refresher === null ? '' : `;refresher=${refresher}`;
  const expires = { name: 'Session-Expires', value: `${intervalS}${suffix}` };
  return minSeS > MIN_SE_S ? [expires, { name: 'Min-SE', value: String(minSeS) }] : [expires];
}
