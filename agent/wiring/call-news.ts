import type { CallNotice } from '../alert/index.js';
import type { CallNews, CallRecord } from '../call/index.js';

/** @returns a step of a call as the feed tells it */
export function feedCall(
  news: CallNews,
  record: CallRecord,
  atMs: number,
): Record<string, unknown> {
  const { caller, answeredAtMs, endedAtMs } = record;
  return {
    callId: record.id,
    phase: news,
    atMs,
    direction: record.direction,
    caller: { kind: caller.kind, number: caller.kind === 'number' ? caller.number : null },
    extension: record.answeredBy,
    completed: record.announcement?.completed ?? null,
    cause: record.endedHow,
    durationMs: answeredAtMs === null || endedAtMs === null ? null : endedAtMs - answeredAtMs,
  };
}

/** @returns a step of a call as the sinks of alarms are told it; null for those that are not theirs */
export function noticeOf(news: CallNews, record: CallRecord): CallNotice | null {
  if (news === 'transferred') return null;
  const { caller, answeredBy, answeredAtMs, endedAtMs } = record;
  return {
    callId: record.id,
    kind: news,
    direction: record.direction,
    caller: { kind: caller.kind, number: caller.kind === 'number' ? caller.number : null },
    ...(answeredBy === null ? {} : { extension: answeredBy }),
    ...(news === 'ended' && endedAtMs !== null && answeredAtMs !== null
      ? { durationMs: endedAtMs - answeredAtMs }
      : {}),
    ...(news === 'announcementPlayed'
      ? { completed: record.announcement?.completed === true }
      : {}),
    ...(record.endedHow === null ? {} : { cause: record.endedHow }),
  };
}
