import { wait } from '../measure/measurement.js';
import type { ShopCall } from './shop.js';
import type { Utterance, Voice } from './voice.js';

const PAUSE_MS = 400;

/** Two sides that talk by turns, again and again, until told to stop. @returns how to stop */
export function talk(
  call: ShopCall,
  caller: readonly Utterance[],
  staff: readonly Utterance[],
): () => void {
  let isOver = false;
  const speak = async (voice: Voice, turn: Utterance | undefined): Promise<void> => {
    if (turn !== undefined) await voice.say(turn).said;
    await wait(PAUSE_MS);
  };
  const run = async (): Promise<void> => {
    for (let turn = 0; !isOver && call.lost() === null; turn += 1) {
      await speak(call.caller, caller[turn % caller.length]);
      await speak(call.staff, staff[turn % staff.length]);
    }
  };
  void run();
  return () => {
    isOver = true;
  };
}
