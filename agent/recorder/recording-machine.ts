/**
 * The life of one recording.
 *
 *   held --commit--> live --end--> settling --settled--> draining --drained---> ended
 *    |                                                       \------gaveUp----> ended
 *    \--discard, end--> discarded
 *
 * held: in memory, since a call that nobody answers leaves no file. settling: packets still on their way from the media
 * worker come in. draining: everything has come, and the disk has not yet taken it all.
 */
export type RecordingState = {
  readonly name: 'held' | 'live' | 'settling' | 'draining' | 'ended' | 'discarded';
};

export type RecordingEvent = {
  readonly name: 'commit' | 'discard' | 'end' | 'settled' | 'drained' | 'gaveUp';
};

export type RecordingEffect = {
  readonly do:
    | 'flush'
    | 'forget'
    | 'scheduleSettled'
    | 'closeTracks'
    | 'scheduleGiveUp'
    | 'abandon'
    | 'report';
};

export type RecordingStep = readonly [next: RecordingState, effects: readonly RecordingEffect[]];

export const RECORDING_HELD: RecordingState = { name: 'held' };
const LIVE: RecordingState = { name: 'live' };
const SETTLING: RecordingState = { name: 'settling' };
const DRAINING: RecordingState = { name: 'draining' };
const ENDED: RecordingState = { name: 'ended' };
const DISCARDED: RecordingState = { name: 'discarded' };

/** Commands cross on their way between threads: one that comes too late changes nothing. */
export function step(state: RecordingState, event: RecordingEvent): RecordingStep {
  switch (state.name) {
    case 'held':
      if (event.name === 'commit') return [LIVE, [{ do: 'flush' }]];
      if (event.name === 'discard') return [DISCARDED, [{ do: 'forget' }]];
      return event.name === 'end' ? [DISCARDED, [{ do: 'report' }, { do: 'forget' }]] : [state, []];
    case 'live':
      return event.name === 'end' ? [SETTLING, [{ do: 'scheduleSettled' }]] : [state, []];
    case 'settling':
      if (event.name !== 'settled') return [state, []];
      return [DRAINING, [{ do: 'scheduleGiveUp' }, { do: 'closeTracks' }]];
    case 'draining':
      if (event.name === 'drained') return [ENDED, [{ do: 'report' }, { do: 'forget' }]];
      if (event.name !== 'gaveUp') return [state, []];
      return [ENDED, [{ do: 'abandon' }, { do: 'report' }, { do: 'forget' }]];
    case 'ended':
    case 'discarded':
      return [state, []];
  }
}
