import type { Clock, Timer } from '../../base/index.js';
import type { Button, KeyName } from '../hal/index.js';
import {
  step,
  UP,
  type ButtonEvent,
  type ButtonRule,
  type ButtonState,
} from './button-press-machine.js';

/** A press that means something. */
export interface KeyPress {
  readonly key: KeyName;
  /** 0 at the press itself; the time held when it is told for being long, ms. */
  readonly heldMs: number;
  /** Wall clock of the contact, Unix ms. */
  readonly atWallMs: number;
}

/** Reset erases: only ten seconds can mean it. */
export const BUTTON_RULES: Readonly<Record<KeyName, ButtonRule>> = {
  sos: { tellsAtPress: true, longMs: 3_000 },
  acknowledge: { tellsAtPress: true, longMs: null },
  reset: { tellsAtPress: false, longMs: 10_000 },
};

/** Watches one button. @returns ends it, with no timer left */
export function watchButton(
  button: Button,
  clock: Clock,
  onPress: (press: KeyPress) => void,
): () => void {
  const { key } = button;
  let state: ButtonState = UP;
  let timer: Timer | undefined;
  const take = (event: ButtonEvent): void => {
    const [next, effects] = step(BUTTON_RULES[key], state, event);
    state = next;
    for (const effect of effects) {
      if (effect.do === 'tell') {
        onPress({ key, heldMs: effect.heldMs, atWallMs: clock.wallMs() - effect.heldMs });
        continue;
      }
      timer?.cancel();
      timer = clock.after(effect.atMs - clock.monotonicMs(), () =>
        take({ name: 'timer', atMs: clock.monotonicMs() }),
      );
    }
  };
  button.onEdge((isPressed) =>
    take({ name: isPressed ? 'down' : 'up', atMs: clock.monotonicMs() }),
  );
  return () => {
    timer?.cancel();
    button.onEdge(() => undefined);
  };
}
