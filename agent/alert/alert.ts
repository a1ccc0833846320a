import { z } from 'zod';

const level = z.union([z.literal(1), z.literal(2), z.literal(3)]);
const type = z.enum([
  'detention',
  'repeat',
  'verbalAbuse',
  'announcedViolence',
  'threat',
  'authority',
  'offPremises',
  'socialMedia',
  'sexual',
  'excessiveDemand',
  'panic',
  'test',
]);
const source = z.enum(['keyword', 'abuse', 'shouting', 'clock', 'repeat', 'panic', 'test']);

/** One thing that was held against the caller. */
const hit = z.object({
  level,
  type,
  source,
  reason: z.string(),
  quote: z.string().nullable(),
  /** Wall clock, Unix ms. */
  atMs: z.number(),
});

const acknowledgement = z.object({
  /** Who: a name, an extension, a device. */
  by: z.string(),
  /** Through which sink or view: `button`, `mqtt`, `console`. */
  via: z.string(),
  level,
  atMs: z.number(),
});

/** An alert as it is stored: a plain value, whole at each step. All times are wall clock, Unix ms. */
export const alertRecord = z.object({
  name: z.enum(['raised', 'announced', 'acknowledged', 'cleared']),
  alertId: z.string(),
  /** null: outside of any call. */
  callId: z.string().nullable(),
  level,
  type,
  source,
  reason: z.string(),
  /** Without a word of the caller's, for whatever leaves the box. */
  reasonUnquoted: z.string(),
  line: z.string(),
  raisedAtMs: z.number(),
  /** How many of the times for an unacknowledged alert have passed: 1 second pattern, 2 next person. */
  overdueStage: z.int(),
  /** Oldest first, the first HITS_MAX − 1 and the last one. */
  hits: z.array(hit).readonly(),
  hitsDropped: z.int(),
  acknowledgements: z.array(acknowledgement).readonly(),
  /** No more can come: the call is over, or there was none. */
  callEnded: z.boolean(),
});

export type AlertState = Readonly<z.infer<typeof alertRecord>>;
export type AlertHit = Readonly<z.infer<typeof hit>>;
export type Acknowledgement = Readonly<z.infer<typeof acknowledgement>>;

/** Something is wrong with the box itself; never mixed up with what a caller does. */
export interface Fault {
  /** Stable: `announcement-missing`, `disk-full`, `alert-storage`, `outbox-full`, `line-down` … */
  readonly code: string;
  /** Wall clock, Unix ms. */
  readonly sinceMs: number;
}

/** What stands now: enough for a lamp, whatever it missed. */
export interface AlarmStatus {
  /** The highest level not yet acknowledged. */
  readonly level: 0 | 1 | 2 | 3;
  /** The highest stage among the unacknowledged: 0 new, 1 second pattern, 2 next person. */
  readonly overdueStage: number;
  /** Every alert not yet cleared, oldest first. */
  readonly open: readonly AlertState[];
  readonly faults: readonly Fault[];
}

const eventHead = {
  /** UUID: a receiver drops a repeat by it. */
  id: z.string(),
  /** Rises by one per event of the box, without gaps: a receiver sees a loss. */
  seq: z.int(),
  /** Wall clock, Unix ms. */
  atMs: z.number(),
};

const alertEvent = z.object({
  what: z.literal('alert'),
  ...eventHead,
  alertId: z.string(),
  callId: z.string().nullable(),
  kind: z.enum(['raised', 'escalated', 'acknowledged', 'cleared']),
  level,
  type,
  source,
  reason: z.string(),
  reasonUnquoted: z.string(),
  line: z.string(),
  quote: z.string().nullable(),
  by: z.string().nullable(),
  via: z.string().nullable(),
});

const callNotice = {
  callId: z.string(),
  kind: z.enum([
    'ringing',
    'answered',
    'announcementPlayed',
    'recordingStarted',
    'ended',
    'rejected',
  ]),
  caller: z.object({
    /** `number`, or why there is none: `withheld`, `payphone`, `unavailable`, `otherService`. */
    kind: z.string(),
    /** Whole; each sink masks it. */
    number: z.string().nullable(),
  }),
  direction: z.enum(['incoming', 'outgoing', 'internal']).optional(),
  /** The extension of the phone that answered or called. */
  extension: z.string().optional(),
  durationMs: z.number().optional(),
  /** Whether the announcement was heard to its end. */
  completed: z.boolean().optional(),
  /** Why a call ended or was rejected, as a code. */
  cause: z.string().optional(),
};

const callEvent = z.object({ what: z.literal('call'), ...eventHead, ...callNotice });

/** What sinks are told, at least once each and in order. */
export const boxEvent = z.discriminatedUnion('what', [alertEvent, callEvent]);
export type BoxEvent = Readonly<z.infer<typeof boxEvent>>;
export type AlertEvent = Readonly<z.infer<typeof alertEvent>>;
export type CallEvent = Readonly<z.infer<typeof callEvent>>;
/** A step in the life of a call, before it has an id and a number. */
export type CallNotice = Omit<CallEvent, 'what' | 'id' | 'seq' | 'atMs'>;

/** Whoever tells people: a lamp, a broker, a push. */
export interface AlertSink {
  /** `[a-z0-9-]+`, stable: the sink's queue is kept under it over restarts. */
  readonly name: string;
  /** What stands now, after each change and once on subscribing. Must not throw or wait. */
  show?(status: AlarmStatus): void;
  /**
   * One event; resolves when it has arrived for good. A rejection is retried, with the order kept.
   * A sink without it has no queue.
   */
  deliver?(event: BoxEvent): Promise<void>;
}
