// The JSON that box.proto carries: written by the agent (agent/control), read by whoever asks it.
import { z } from 'zod';

const count = z.number().min(0);

/** GetStatusResponse.json, and what `tatebako status --json` prints. */
export const statusJson = z.object({
  box: z.object({
    id: z.string(),
    name: z.string(),
    version: z.string(),
    /** ISO 8601 with offset. */
    startedAt: z.string(),
  }),
  line: z.object({
    /** `up`: used without registering, and the gateway answers; `off`: none is configured. */
    state: z.enum(['registered', 'up', 'registering', 'down', 'off']),
    reason: z.string().nullable(),
    profile: z.string(),
  }),
  phones: z.array(
    z.object({
      extension: z.string(),
      name: z.string(),
      registered: z.boolean(),
      /** Where it can be reached, `sip:` URIs. */
      contacts: z.array(z.string()),
      inCall: z.boolean(),
    }),
  ),
  calls: z.array(
    z.object({
      id: z.string(),
      direction: z.enum(['incoming', 'outgoing', 'internal']),
      /** Whole, national digits; null: none came. */
      number: z.string().nullable(),
      /** As a display shows it: `090-0000-1234`, `非通知`. */
      callerText: z.string(),
      phase: z.string(),
      durationMs: count,
      /** The extension that talks; null: none yet. */
      who: z.string().nullable(),
    }),
  ),
  storage: z.object({
    state: z.enum(['ok', 'low', 'full', 'failed']),
    freeBytes: count.nullable(),
    usedBytes: count.nullable(),
  }),
  recording: z.object({
    state: z.enum(['ready', 'recording', 'stopped']),
    reason: z.string().nullable(),
  }),
  detector: z.object({
    state: z.enum(['listening', 'ready', 'starting', 'down', 'off']),
    reason: z.string().nullable(),
    /** `name@sha256`; null: none is loaded. */
    model: z.string().nullable(),
    /** Frames of 20 ms that it was too slow to hear, since start. */
    dropped: count,
  }),
  /** The hardware daemon as the agent sees it. */
  hardware: z.object({ state: z.enum(['here', 'away', 'off']) }),
  alerts: z.object({
    /** The highest level not yet acknowledged. */
    level: z.union([z.literal(0), z.literal(1), z.literal(2), z.literal(3)]),
    open: z.array(
      z.object({
        alertId: z.string(),
        callId: z.string().nullable(),
        level: z.union([z.literal(1), z.literal(2), z.literal(3)]),
        type: z.string(),
        reason: z.string(),
        isAcknowledged: z.boolean(),
        raisedAtMs: z.number(),
      }),
    ),
    faults: z.array(z.object({ code: z.string(), sinceMs: z.number() })),
  }),
  /** Since start: what was dropped, refused, retried; unit in the name. */
  counts: z.record(z.string(), z.number()),
});
export type StatusJson = z.infer<typeof statusJson>;

/**
 * ListCallsResponse.call_json, GetCallResponse.call_json: the call's record as it is stored, with `callerText` added. Only what
 * readers rely on is named here; the rest of the record passes through.
 */
export const callJson = z.looseObject({
  id: z.string(),
  direction: z.enum(['incoming', 'outgoing', 'internal']),
  /** As a display shows it: `090-0000-1234`, `非通知`. */
  callerText: z.string(),
  /** Unix ms. */
  startedAtMs: z.number(),
  answeredAtMs: z.number().nullable(),
  /** The extension. */
  answeredBy: z.string().nullable(),
  endedAtMs: z.number().nullable(),
  outcome: z.string(),
  endedBy: z.string().nullable(),
  endedHow: z.string().nullable(),
  announcement: z.looseObject({ what: z.string(), completed: z.boolean() }).nullable(),
  recording: z
    .looseObject({ bytes: z.number(), durationMs: z.number(), gaps: z.array(z.unknown()) })
    .nullable(),
  health: z.looseObject({
    caller: z
      .looseObject({ packetsReceived: count, packetsLost: count, jitterMs: count })
      .nullable(),
    staff: z
      .looseObject({ packetsReceived: count, packetsLost: count, jitterMs: count })
      .nullable(),
  }),
  alerts: z.array(
    z.looseObject({ alertId: z.string(), level: z.number(), type: z.string(), atMs: z.number() }),
  ),
});
export type CallJson = z.infer<typeof callJson>;

/** WatchEventsResponse.json. `levels` come twice a second; `dropped` tells a slow reader what it missed. */
export const watchedEventJson = z.looseObject({ kind: z.string().min(1) });
export type WatchedEventJson = z.infer<typeof watchedEventJson>;
