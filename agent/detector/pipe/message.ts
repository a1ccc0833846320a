import { z } from 'zod';
import type { DetectorEvent } from '../detector-event.js';

const speaker = z.enum(['caller', 'staff']);
const level = z.union([z.literal(0), z.literal(1), z.literal(2), z.literal(3)]);
const category = z.enum([
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
  'complaint',
  'ordinary',
]);
const phrase = z.object({ text: z.string(), reading: z.string(), category, level });
const leg = z.int().min(0).max(65_535);

/** Agent to detector. */
export const controlMessage = z.discriminatedUnion('do', [
  z.object({ do: z.literal('start'), modelsDirectory: z.string(), phrases: z.array(phrase) }),
  z.object({ do: z.literal('setPhrases'), phrases: z.array(phrase) }),
  z.object({ do: z.literal('openLeg'), leg, speaker }),
  z.object({ do: z.literal('closeLeg'), leg }),
]);
export type ControlMessage = z.infer<typeof controlMessage>;

const voiceEvent = z.object({
  event: z.enum(['speechStarted', 'speechEnded']),
  speaker,
  atMs: z.number(),
  reportedAtMs: z.number(),
});
const kanaEvent = z.object({
  event: z.literal('kana'),
  speaker,
  startMs: z.number(),
  endMs: z.number(),
  text: z.string(),
  reportedAtMs: z.number(),
});
const keywordEvent = z.object({
  event: z.literal('keyword'),
  speaker,
  phrase: z.string(),
  reading: z.string(),
  category,
  level,
  score: z.number(),
  startMs: z.number(),
  endMs: z.number(),
  reportedAtMs: z.number(),
  computeMs: z.number(),
});
const detectorEvent: z.ZodType<DetectorEvent> = z.union([voiceEvent, kanaEvent, keywordEvent]);

const effort = z.enum(['full', 'slower', 'callersOnly']);

/** Detector to agent. */
export const detectorMessage = z.discriminatedUnion('say', [
  z.object({ say: z.literal('ready'), models: z.record(z.string(), z.string()) }),
  z.object({ say: z.literal('refused'), code: z.string(), reason: z.string() }),
  z.object({ say: z.literal('heard'), leg, event: detectorEvent }),
  z.object({
    say: z.literal('heartbeat'),
    effort,
    legs: z.number(),
    windows: z.number(),
    windowsDropped: z.number(),
    lateMs: z.number(),
    rssBytes: z.number(),
  }),
]);
export type DetectorMessage = z.infer<typeof detectorMessage>;
export type Heartbeat = Extract<DetectorMessage, { say: 'heartbeat' }>;
