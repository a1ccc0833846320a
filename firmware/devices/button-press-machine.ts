/**
 * One button: from a bouncing contact to presses that mean something.
 *
 *   up --down--> settling --timer (still down)--> pressed --timer (longMs)--> held
 *   ^               |                               |                          |
 *   |--timer (up)---/                               |up                        |up
 *   |                                               v                          v
 *   \------------------timer (still up)---------- releasing <------------------/
 *                                                   |   down: a bounce, back to where it was
 *
 * A contact counts once it has been still for DEBOUNCE_MS.
 */
export interface ButtonRule {
  /** Tells as soon as the press is certain: a call for help waits for no release. */
  readonly tellsAtPress: boolean;
  /** Tells at this time held, once, ms; null: a long press means nothing of its own. */
  readonly longMs: number | null;
}

export type ButtonState =
  | { readonly name: 'up' }
  | {
      readonly name: 'settling';
      readonly isDown: boolean;
      readonly downAtMs: number;
      readonly quietAtMs: number;
    }
  | { readonly name: 'pressed'; readonly downAtMs: number }
  | { readonly name: 'held'; readonly downAtMs: number }
  | {
      readonly name: 'releasing';
      readonly downAtMs: number;
      readonly upAtMs: number;
      readonly wasTold: boolean;
    };

/** Times are monotonic ms. */
export type ButtonEvent =
  | { readonly name: 'down' | 'up'; readonly atMs: number }
  /** Early and late ones are harmless. */
  | { readonly name: 'timer'; readonly atMs: number };

export type ButtonEffect =
  | { readonly do: 'tell'; readonly heldMs: number }
  | { readonly do: 'wakeAt'; readonly atMs: number };

export type ButtonStep = readonly [ButtonState, readonly ButtonEffect[]];

/** Contacts of push-buttons are still within a few ms; cheap ones within 20. */
export const DEBOUNCE_MS = 20;

export const UP: ButtonState = { name: 'up' };
const same = (state: ButtonState): ButtonStep => [state, []];
const wakeAt = (atMs: number): ButtonEffect => ({ do: 'wakeAt', atMs });

export function step(rule: ButtonRule, state: ButtonState, event: ButtonEvent): ButtonStep {
  switch (state.name) {
    case 'up':
      return event.name === 'down' ? settle(true, event.atMs, event.atMs) : same(state);
    case 'settling':
      return fromSettling(rule, state, event);
    case 'pressed':
      return fromPressed(rule, state, event);
    case 'held':
      return event.name === 'up' ? release(state, event.atMs, true) : same(state);
    case 'releasing':
      return fromReleasing(rule, state, event);
  }
}

function settle(isDown: boolean, downAtMs: number, atMs: number): ButtonStep {
  const quietAtMs = atMs + DEBOUNCE_MS;
  return [{ name: 'settling', isDown, downAtMs, quietAtMs }, [wakeAt(quietAtMs)]];
}

function fromSettling(
  rule: ButtonRule,
  state: Extract<ButtonState, { name: 'settling' }>,
  event: ButtonEvent,
): ButtonStep {
  const { downAtMs, isDown, quietAtMs } = state;
  if (event.name !== 'timer') return settle(event.name === 'down', downAtMs, event.atMs);
  if (event.atMs < quietAtMs) return [state, [wakeAt(quietAtMs)]];
  if (!isDown) return same(UP);
  const told: readonly ButtonEffect[] = rule.tellsAtPress ? [{ do: 'tell', heldMs: 0 }] : [];
  const long = rule.longMs === null ? [] : [wakeAt(downAtMs + rule.longMs)];
  return [{ name: 'pressed', downAtMs }, [...told, ...long]];
}

function fromPressed(
  rule: ButtonRule,
  state: Extract<ButtonState, { name: 'pressed' }>,
  event: ButtonEvent,
): ButtonStep {
  if (event.name === 'up') return release(state, event.atMs, false);
  if (event.name === 'down' || rule.longMs === null) return same(state);
  const longAtMs = state.downAtMs + rule.longMs;
  if (event.atMs < longAtMs) return [state, [wakeAt(longAtMs)]];
  const heldMs = Math.round(event.atMs - state.downAtMs);
  return [{ name: 'held', downAtMs: state.downAtMs }, [{ do: 'tell', heldMs }]];
}

function release(
  state: { readonly downAtMs: number },
  upAtMs: number,
  wasTold: boolean,
): ButtonStep {
  const { downAtMs } = state;
  return [{ name: 'releasing', downAtMs, upAtMs, wasTold }, [wakeAt(upAtMs + DEBOUNCE_MS)]];
}

function fromReleasing(
  rule: ButtonRule,
  state: Extract<ButtonState, { name: 'releasing' }>,
  event: ButtonEvent,
): ButtonStep {
  const { downAtMs, upAtMs, wasTold } = state;
  if (event.name === 'up')
    return [{ ...state, upAtMs: event.atMs }, [wakeAt(event.atMs + DEBOUNCE_MS)]];
  if (event.name === 'down') {
    if (wasTold) return [{ name: 'held', downAtMs }, []];
    const long = rule.longMs === null ? [] : [wakeAt(downAtMs + rule.longMs)];
    return [{ name: 'pressed', downAtMs }, long];
  }
  if (event.atMs < upAtMs + DEBOUNCE_MS) return [state, [wakeAt(upAtMs + DEBOUNCE_MS)]];
  // A press that only means something when it is long was let go too early, and means nothing.
  return same(UP);
}
