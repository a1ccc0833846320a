import { z } from 'zod';

/**
 * What the agent's `WatchEvents` streams: one JSON object each, told apart by `kind`. Keys that a reader does not know are
 * left alone, so that a newer box can say more.
 */

const speaker = z.enum(['caller', 'staff']);
const level = z.union([z.literal(0), z.literal(1), z.literal(2), z.literal(3)]);

/** A call went on one step. */
const callEvent = z.object({
  kind: z.literal('call'),
  call: z.object({
    callId: z.string(),
    phase: z.enum([
      'ringing',
      'announcementPlayed',
      'answered',
      'recordingStarted',
      'ended',
      'rejected',
      'transferred',
    ]),
    /** Wall clock, Unix ms. */
    atMs: z.number(),
    caller: z.object({
      kind: z.enum(['number', 'withheld', 'payphone', 'unavailable', 'otherService']),
      /** National digits; null unless `kind` is `number`. */
      number: z.string().nullable(),
    }),
    /** Who answered, or was transferred to. */
    extension: z.string().nullish(),
    /** `announcementPlayed`: whether the caller heard it to its end. */
    completed: z.boolean().nullish(),
    /** `ended`, `rejected`: how, as `endedHow` of the call record says. */
    cause: z.string().nullish(),
    /** `ended`: from answer to end, ms. */
    durationMs: z.number().nullish(),
  }),
});

/** How loud one side was in the last half second: 0 (overload) … −127 (silence) dBov (RFC 6464 §3). */
const levelsEvent = z.object({
  kind: z.literal('levels'),
  callId: z.string(),
  speaker,
  levelDbov: z.number(),
});

/** A detector's event as it stands in `tatebako analyse --json`; times are audio time of the leg, ms. */
const detectorEvent = z.discriminatedUnion('event', [
  z.object({
    event: z.enum(['speechStarted', 'speechEnded']),
    speaker,
    atMs: z.number(),
    reportedAtMs: z.number(),
  }),
  z.object({
    event: z.literal('kana'),
    speaker,
    startMs: z.number(),
    endMs: z.number(),
    text: z.string(),
    reportedAtMs: z.number(),
  }),
  z.object({
    event: z.literal('keyword'),
    speaker,
    phrase: z.string(),
    reading: z.string(),
    category: z.string(),
    level,
    score: z.number(),
    startMs: z.number(),
    endMs: z.number(),
    reportedAtMs: z.number(),
    computeMs: z.number(),
  }),
]);

const heardEvent = z.object({
  kind: z.literal('heard'),
  callId: z.string(),
  event: detectorEvent,
});

const alertEvent = z.object({
  kind: z.literal('alert'),
  alertId: z.string(),
  /** null: outside of any call. */
  callId: z.string().nullable(),
  change: z.enum(['raised', 'escalated', 'acknowledged', 'cleared']),
  level,
  type: z.string(),
  /** For the shop's own eyes: quotes what was heard. */
  reason: z.string(),
  /** What staff can say. */
  line: z.string().nullish(),
  /** `acknowledged`: who. */
  by: z.string().nullish(),
  /** Wall clock, Unix ms. */
  atMs: z.number(),
});

/** What lamp and buzzer are told to show: the names of hardware.proto's patterns without their prefix. */
const lampEvent = z.object({
  kind: z.literal('lamp'),
  /** The highest level not yet acknowledged. */
  level,
  pattern: z.enum([
    'READY',
    'ON_CALL',
    'LEVEL_1',
    'LEVEL_2',
    'LEVEL_3',
    'UNACKNOWLEDGED',
    'FAULT',
    'UPDATING',
  ]),
});

/** Something was published. */
const mqttEvent = z.object({
  kind: z.literal('mqtt'),
  topic: z.string(),
  /** As published: UTF-8 text. */
  payload: z.string(),
  retained: z.boolean(),
});

/** How the box is; the first event of each stream, then on each change. */
const statusEvent = z.object({
  kind: z.literal('status'),
  /** `registered`, or `ready` where the gateway wants no registration; anything else: not ready yet. */
  line: z.string(),
  /** How many phones are registered. */
  phones: z.number(),
  /** `listening`, `starting`, `off` (so configured), `failed`. */
  detector: z.string(),
  detectorReason: z.string().nullish(),
});

/** The reader was slow: so many levels, and other events, were left out. */
const droppedEvent = z.object({
  kind: z.literal('dropped'),
  levels: z.number(),
  events: z.number(),
});

export const watchEvent = z.discriminatedUnion('kind', [
  callEvent,
  levelsEvent,
  heardEvent,
  alertEvent,
  lampEvent,
  mqttEvent,
  statusEvent,
  droppedEvent,
]);

export type WatchEvent = z.infer<typeof watchEvent>;
export type CallPhase = z.infer<typeof callEvent>['call']['phase'];
export type LampPattern = z.infer<typeof lampEvent>['pattern'];
export type Speaker = z.infer<typeof speaker>;
export type AlertLevel = z.infer<typeof level>;

/** The longest line that is read, characters: a caller's words are short, a payload of ours is too. */
const EVENT_CHARACTERS_MAX = 64 * 1_024;

/** @returns the event, or null when the line is none that we know */
export function parseWatchEvent(json: string): WatchEvent | null {
  if (json.length > EVENT_CHARACTERS_MAX) return null;
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    // A line cut short, or not ours: whoever reads it goes on with the next.
    return null;
  }
  const event = watchEvent.safeParse(value);
  return event.success ? event.data : null;
}
