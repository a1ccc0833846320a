import { z } from 'zod';

/** The `[call]` table: how calls are rung and what becomes of those that find nobody free. */
export const callConfig = z.strictObject({
  /** How long the phones ring before the caller hears that nobody can come, s. */
  ringSeconds: z.int().min(5).max(300).default(60),
  /**
   * What a caller gets while no phone is free: the busy tone, or a message until one is. Who was announced already, and finds
   * that the phones have been taken meanwhile, waits in either case where the shop has several.
   */
  secondCall: z.enum(['busy', 'wait']).default('busy'),
  /** How long such a caller waits at most, s. */
  waitSeconds: z.int().min(10).max(1_800).default(180),
  /**
   * A call whose line has sent no audio for so long is over, s; 0: never. Not while somebody holds. Unless told: 60 on an
   * analog line, where silence can be all that is left of a caller, never elsewhere.
   */
  silenceEndsSeconds: z.int().min(0).max(3_600).optional(),
  /** Whether calls to 110, 118 and 119 are recorded; they stand in the log of calls in any case. */
  recordEmergencyCalls: z.boolean().default(false),
});

export type CallConfig = z.infer<typeof callConfig>;
