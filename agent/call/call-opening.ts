/** What a caller hears before any phone rings: the announcement, or a message while no phone is free. */
import type { CallRecord } from './call-record.js';
import { enterRinging } from './call-ringing.js';
import type { CallEvent, CallState, Step } from './call-state.js';
import { answeredA, enterWaiting, withRecord } from './call-steps.js';

/** Longer than any announcement (6 s) takes; after it the call passes whatever the prompt does. */
const ANNOUNCEMENT_MAX_MS = 10_000;

type Announcement = NonNullable<CallRecord['announcement']>;

const notPlayed = (what: Announcement['what']): Announcement => ({
  what,
  startedAtMs: null,
  endedAtMs: null,
  completed: false,
});

/** The port of `a` is there. */
export function open(state: CallState): Step {
  const { rules, record } = state;
  if (record.direction !== 'incoming') return enterRinging(state, []);
  const skipped = withRecord(state, { announcement: notPlayed('skipped') });
  if (rules.opening === 'wait') return enterWaiting(skipped, rules.waitMs);
  if (rules.announcement === 'skip') return enterRinging(skipped, []);
  return [
    {
      ...withRecord(answeredA(state), { announcement: notPlayed(rules.announcement) }),
      phase: 'announcing',
    },
    [{ do: 'answerA' }, { do: 'startTimer', timer: 'announcement', afterMs: ANNOUNCEMENT_MAX_MS }],
  ];
}

/** A phone is free. The announcement is played once a call: one who waited for a second time has heard it. */
export function leaveWaiting(state: CallState): Step {
  const due = state.rules.announcement;
  if (due === 'skip' || state.record.announcement?.completed === true) {
    return enterRinging(state, [{ do: 'stopTimer', timer: 'wait' }]);
  }
  return [
    { ...withRecord(state, { announcement: notPlayed(due) }), phase: 'announcing' },
    [
      { do: 'stopTimer', timer: 'wait' },
      { do: 'startTimer', timer: 'announcement', afterMs: ANNOUNCEMENT_MAX_MS },
    ],
  ];
}

export function withAnnouncement(state: CallState, change: Partial<Announcement>): CallState {
  const { announcement } = state.record;
  return announcement === null
    ? state
    : withRecord(state, { announcement: { ...announcement, ...change } });
}

export function onAnnouncementEnded(
  state: CallState,
  event: Extract<CallEvent, { name: 'playEnded' }>,
): Step {
  const { announcement } = state.record;
  const neverBegan = announcement?.startedAtMs === null && !event.completed;
  if (state.phase === 'announcing' && neverBegan && announcement.what !== 'tone') {
    // Its file broke since it was chosen: a tone stands for it.
    return [
      withAnnouncement(state, { what: 'tone' }),
      [{ do: 'raiseFault', code: 'announcement-broken' }],
    ];
  }
  const told = withAnnouncement(state, { endedAtMs: event.atMs, completed: event.completed });
  if (state.phase !== 'announcing') return [told, []];
  return enterRinging(told, [
    { do: 'stopTimer', timer: 'announcement' },
    { do: 'tell', kind: 'announcementPlayed' },
  ]);
}

/** The fax machine wants an answer at once, and a line that nobody touches. */
export function onFax(state: CallState, atMs: number): Step {
  if (state.record.fax) return [state, []];
  const fax = withRecord(state, { fax: true });
  if (state.phase !== 'announcing') return [fax, []];
  return enterRinging(withAnnouncement(fax, { endedAtMs: atMs, completed: false }), [
    { do: 'stopTimer', timer: 'announcement' },
  ]);
}
