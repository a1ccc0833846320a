import { beginCall } from './call-machine.js';
import type { CallBeginning } from './call-record.js';
import type { CallState } from './call-state.js';
import { withRecord } from './call-steps.js';

/** @returns a call that was turned away before it began: nothing rang, nothing was heard, the attempt is kept */
export function refusedCall(beginning: CallBeginning, atMs: number): CallState {
  const rules = {
    announcement: 'skip',
    opening: 'announce',
    target: { kind: 'allPhones' },
    ringMs: 0,
    waitMs: 0,
    whenBusy: 'refuse',
    record: false,
    detect: false,
    busyToneEnds: false,
    silenceEndsAfterMs: null,
  } as const;
  const ended = { endedAtMs: atMs, endedBy: 'box', endedHow: 'rejected', outcome: 'busy' } as const;
  return { ...withRecord(beginCall(beginning, rules, atMs), ended), phase: 'ended' };
}
