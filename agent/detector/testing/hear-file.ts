import { systemClock } from '../../../base/index.js';
import type { DetectorEvent } from '../detector-event.js';
import type { PhraseTrie } from '../keyword/index.js';
import { LegListener } from '../listening/index.js';
import type { LoadedModels } from '../model/index.js';

/** Everything that a listener says about one leg, fed in 20 ms frames as a call would. */
export async function hearAll(
  models: LoadedModels,
  trie: PhraseTrie,
  samples: Int16Array,
): Promise<DetectorEvent[]> {
  const parts = { speaker: 'caller', startTick: 0, models, trie, clock: systemClock } as const;
  const listener = new LegListener(parts);
  const events: DetectorEvent[] = [];
  for (let at = 0; at < samples.length; at += 160) {
    listener.push(samples.subarray(at, at + 160));
    while (listener.hasWork) events.push(...(await listener.advance()));
  }
  return [...events, ...(await listener.finish())];
}
