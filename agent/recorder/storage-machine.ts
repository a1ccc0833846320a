/**
 * Whether the disk takes recordings. One alarm for one failure, however many calls run into it.
 *
 *   writing --failed--> waiting --retryDue--> probing --wrote--> writing
 *                          ^                     |
 *                          \-------failed--------/
 */
export type StorageState = { readonly name: 'writing' | 'waiting' | 'probing' };

export type StorageEvent =
  { readonly name: 'wrote' | 'retryDue' } | { readonly name: 'failed'; readonly reason: string };

export type StorageEffect =
  | { readonly do: 'raiseAlarm'; readonly reason: string }
  | { readonly do: 'clearAlarm' | 'scheduleRetry' };

export type StorageStep = readonly [next: StorageState, effects: readonly StorageEffect[]];

export const STORAGE_WRITING: StorageState = { name: 'writing' };
const WAITING: StorageState = { name: 'waiting' };
const PROBING: StorageState = { name: 'probing' };

export function step(state: StorageState, event: StorageEvent): StorageStep {
  switch (state.name) {
    case 'writing':
      if (event.name !== 'failed') return [state, []];
      return [WAITING, [{ do: 'raiseAlarm', reason: event.reason }, { do: 'scheduleRetry' }]];
    case 'waiting':
      return event.name === 'retryDue' ? [PROBING, []] : [state, []];
    case 'probing':
      if (event.name === 'wrote') return [STORAGE_WRITING, [{ do: 'clearAlarm' }]];
      return event.name === 'failed' ? [WAITING, [{ do: 'scheduleRetry' }]] : [state, []];
  }
}
