import { z } from 'zod';

/**
 * How the demonstration leads its gateway and its phone: commands come as JSON lines on standard input, what happened goes
 * out as JSON lines on standard output. The end of standard input ends the process.
 */

const port = z.int().min(0).max(65_535);
const account = { user: z.string(), password: z.string() };

export const peerCommand = z.discriminatedUnion('do', [
  /** The gateway: listen, and let the box register as `user`. */
  z.object({ do: z.literal('openGateway'), address: z.string(), port, ...account }),
  /** The phone: listen, and register at the box as `user`. */
  z.object({
    do: z.literal('openPhone'),
    address: z.string(),
    port,
    ...account,
    boxAddress: z.string(),
    boxPort: port,
    /** How long it rings before it answers, ms. */
    ringMs: z.number(),
  }),
  /** The gateway: a call from outside comes in. `called` is the shop's own number. */
  z.object({ do: z.literal('call'), number: z.string(), called: z.string() }),
  /** From the next call on, ring so long before answering, ms. */
  z.object({ do: z.literal('ringFor'), ringMs: z.number() }),
  /** Speak a WAV file into the call; `said` follows. */
  z.object({ do: z.literal('say'), file: z.string() }),
  z.object({ do: z.literal('hangUp') }),
  z.object({ do: z.literal('close') }),
]);

export const peerEvent = z.discriminatedUnion('event', [
  z.object({ event: z.literal('ready'), port }),
  /** The box is registered here, or the phone at the box. */
  z.object({ event: z.literal('registered'), user: z.string() }),
  /** The registrar will not have the phone, or does not answer. */
  z.object({ event: z.literal('unregistered'), reason: z.string() }),
  /** The phone rings and shows this. */
  z.object({ event: z.literal('rang'), displayName: z.string(), user: z.string() }),
  /** The gateway's call goes on: 180, 183. */
  z.object({ event: z.literal('progress'), status: z.number() }),
  z.object({ event: z.literal('answered') }),
  /** `whole`: to the end, not cut short by the end of the call. */
  z.object({ event: z.literal('said'), file: z.string(), whole: z.boolean() }),
  /** What came from the other side in the last second: 0 (overload) … −127 (silence) dBov (RFC 6464 §3). */
  z.object({ event: z.literal('heard'), levelDbov: z.number(), packets: z.number() }),
  z.object({
    event: z.literal('ended'),
    by: z.enum(['remote', 'local']),
    how: z.string(),
    status: z.number().nullable(),
  }),
  z.object({ event: z.literal('failed'), reason: z.string() }),
]);

export type PeerCommand = z.infer<typeof peerCommand>;
export type PeerEvent = z.infer<typeof peerEvent>;
export type OpenGateway = Extract<PeerCommand, { do: 'openGateway' }>;
export type OpenPhone = Extract<PeerCommand, { do: 'openPhone' }>;
