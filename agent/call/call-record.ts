import { z } from 'zod';

/** Who is on the outside of the line (TTC JJ-90.22). The same shape as agent/line's `Caller`. */
const callerSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('number'), number: z.string(), displayName: z.string() }),
  z.object({ kind: z.enum(['withheld', 'payphone', 'unavailable', 'otherService']) }),
]);

/** What came in on a leg and how, by RTP (RFC 3550 §6.4.1, §A.3, §A.8). */
const legHealthSchema = z.object({
  packetsReceived: z.number(),
  packetsLost: z.number(),
  packetsLate: z.number(),
  packetsDuplicate: z.number(),
  /** From strangers, or malformed. */
  packetsRefused: z.number(),
  packetsSent: z.number(),
  jitterMs: z.number(),
  roundTripMs: z.number().nullable(),
  /** Of the last second: 0 overload … −127 silence (RFC 6464 §3). */
  levelDbov: z.number(),
});

/** A call as the log keeps it: who, when, how long, what was announced, who answered, how it ended. Times are Unix ms. */
export const callRecordSchema = z.object({
  /** 16 hexadecimal digits. */
  id: z.string(),
  direction: z.enum(['incoming', 'outgoing', 'internal']),
  caller: callerSchema,
  /** The phone that called, for a call that went out; null for one that came in. */
  extension: z.string().nullable(),
  /** Our own number for a call that came in, the number or extension that was dialled for one that went out. */
  called: z.string(),
  startedAtMs: z.number(),
  /** null: the call is not of a kind that is announced, or its announcement was never due. */
  announcement: z
    .object({
      what: z.enum(['configured', 'builtIn', 'tone', 'skipped']),
      startedAtMs: z.number().nullable(),
      endedAtMs: z.number().nullable(),
      /** The caller heard it to its end. */
      completed: z.boolean(),
    })
    .nullable(),
  answeredAtMs: z.number().nullable(),
  /** The extension that talks with the caller now, or did last. */
  answeredBy: z.string().nullable(),
  endedAtMs: z.number().nullable(),
  outcome: z.enum([
    'inProgress',
    /** Two people talked. */
    'answered',
    /** The caller hung up before anyone answered: during the announcement, or later. */
    'abandonedInAnnouncement',
    'abandoned',
    'noAnswer',
    'busy',
    'rejected',
    'failed',
    /** The box stopped while the call was going on. */
    'cut',
  ]),
  endedBy: z.enum(['caller', 'staff', 'box']).nullable(),
  /** How the end was known: by SIP, by a tone on an analog line, by silence, by a lost session. */
  endedHow: z
    .enum([
      'bye',
      'cancel',
      'rejected',
      'timeout',
      'sessionExpired',
      'failed',
      'busyTone',
      'silence',
      'noAnswer',
      'noPhone',
    ])
    .nullable(),
  /** A fax called: no announcement to its end, nobody listens. */
  fax: z.boolean(),
  /** 110, 118 or 119 was dialled. */
  emergency: z.boolean(),
  transfers: z.array(
    z.object({
      atMs: z.number(),
      from: z.string(),
      to: z.string(),
      how: z.enum(['blind', 'attended', 'pickUp']),
    }),
  ),
  holds: z.array(z.object({ fromMs: z.number(), toMs: z.number().nullable(), by: z.string() })),
  health: z.object({ caller: legHealthSchema.nullable(), staff: legHealthSchema.nullable() }),
  /** What is on disk; null when nothing is. */
  recording: z
    .object({
      /** Segment files, relative to the folder of recordings. */
      files: z.array(z.string()).readonly(),
      bytes: z.number(),
      durationMs: z.number(),
      /** What is missing although it was due, and why. */
      gaps: z.array(
        z.object({
          speaker: z.string(),
          fromWallMs: z.number(),
          toWallMs: z.number(),
          why: z.string(),
        }),
      ),
    })
    .nullable(),
  /** When nobody listened although it was due: the detector was down or behind. */
  deafSpells: z.array(z.object({ fromMs: z.number(), toMs: z.number() })),
  alerts: z.array(
    z.object({ alertId: z.string(), level: z.number(), type: z.string(), atMs: z.number() }),
  ),
});

export type CallRecord = z.infer<typeof callRecordSchema>;
export type CallOutcome = CallRecord['outcome'];
export type EndedHow = NonNullable<CallRecord['endedHow']>;

/** What is known of a call when it begins. */
export interface CallBeginning {
  readonly id: string;
  readonly direction: CallRecord['direction'];
  /** For a call that goes out: the one who is called. */
  readonly caller: CallRecord['caller'];
  readonly extension: string | null;
  readonly called: string;
  readonly emergency: boolean;
}

/** @returns the record of a call that has just begun */
export function beginRecord(beginning: CallBeginning, atMs: number): CallRecord {
  return {
    ...beginning,
    startedAtMs: atMs,
    announcement: null,
    answeredAtMs: null,
    answeredBy: null,
    endedAtMs: null,
    outcome: 'inProgress',
    endedBy: null,
    endedHow: null,
    fax: false,
    transfers: [],
    holds: [],
    health: { caller: null, staff: null },
    recording: null,
    deafSpells: [],
    alerts: [],
  };
}
