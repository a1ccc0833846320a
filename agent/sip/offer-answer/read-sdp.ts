import { isIP } from 'node:net';
import { parse } from 'sdp-transform';
import { z } from 'zod';
import type { Direction } from './media-description.js';

/** Why an SDP is of no use. */
export type SdpProblem = {
  readonly problem: 'tooLarge' | 'malformed' | 'tooManyStreams' | 'noUsableAudio';
};

/** One m= section as plain values; what it says at session level is already filled in. */
export interface SdpStream {
  /** `audio`, `video`, `image`, … */
  readonly type: string;
  /** 0 when it is refused or ended. */
  readonly port: number;
  readonly protocol: string;
  /** As written: payload types, or `t38`. */
  readonly formats: readonly string[];
  /** null when no `c=` covers it, or it is not an IP address. */
  readonly address: string | null;
  readonly rtcpPort: number | null;
  readonly ptimeMs: number | null;
  readonly direction: Direction;
  readonly rtpmaps: readonly RtpMap[];
}

export interface RtpMap {
  readonly payloadType: number;
  /** Upper case. */
  readonly codec: string;
  readonly clockRateHz: number;
  readonly channels: number;
}

/** Largest SDP that is read, bytes. */
export const SDP_SIZE_MAX_BYTES = 16_384;
const LINE_LENGTH_MAX = 1_024;
const STREAMS_MAX = 8;

/**
 * The lines that we understand; nothing else reaches the library, whose patterns for ICE, SSRC or simulcast we do not need
 * and would have to trust with a stranger's text.
 */
const READ_LINES =
  /^(?:v=0$|[osct]=|m=|a=(?:rtpmap:|ptime:|rtcp:\d|sendrecv$|sendonly$|recvonly$|inactive$))/;

const text = z.union([z.string(), z.number()]).transform(String);
const whole = z.union([z.string(), z.number()]).transform(Number);
const direction = z.enum(['sendrecv', 'sendonly', 'recvonly', 'inactive']);
const connection = z.object({ ip: text });

const parsedStream = z.object({
  type: text,
  port: whole,
  protocol: text,
  payloads: text,
  connection: connection.optional(),
  direction: direction.optional(),
  ptime: whole.optional(),
  rtcp: z.object({ port: whole }).optional(),
  rtp: z.array(
    z.object({
      payload: whole,
      codec: text,
      rate: whole.default(8_000),
      encoding: whole.default(1),
    }),
  ),
});

const parsedSession = z.object({
  version: z.literal(0),
  connection: connection.optional(),
  direction: direction.optional(),
  media: z.array(parsedStream),
});

/** Reads any text as an SDP (RFC 8866); never throws, and takes time in proportion to its size. */
export function readSdp(sdp: string): readonly SdpStream[] | SdpProblem {
  if (Buffer.byteLength(sdp) > SDP_SIZE_MAX_BYTES) return { problem: 'tooLarge' };
  const lines = sdp
    .split(/\r\n|\r|\n/)
    .map((line) => line.trimEnd())
    .filter((line) => line.length <= LINE_LENGTH_MAX && READ_LINES.test(line))
    .map(withoutPortCount);
  const streamCount = lines.filter((line) => line.startsWith('m=')).length;
  if (streamCount === 0) return { problem: 'malformed' };
  if (streamCount > STREAMS_MAX) return { problem: 'tooManyStreams' };
  const session = parsedSession.safeParse(parse(lines.join('\r\n')));
  if (!session.success) return { problem: 'malformed' };
  return session.data.media.map((media) => streamOf(media, session.data));
}

/** `m=audio 4000/2 …` means two ports (RFC 8866 §5.14), which no telephone uses: such a stream is refused by port 0. */
function withoutPortCount(line: string): string {
  return line.replace(
    /^(m=\w{1,32} \d{1,5})\/(\d{1,5}) /,
    (_whole, start: string, count: string) =>
      count === '1' ? `${start} ` : `${start.replace(/\d+$/, '0')} `,
  );
}

function streamOf(
  media: z.infer<typeof parsedStream>,
  session: z.infer<typeof parsedSession>,
): SdpStream {
  const address = (media.connection ?? session.connection)?.ip ?? '';
  const isPort = (port: number): boolean => Number.isInteger(port) && port > 0 && port <= 65_535;
  const rtcpPort = media.rtcp?.port ?? 0;
  const ptimeMs = media.ptime ?? 0;
  return {
    type: media.type,
    port: isPort(media.port) ? media.port : 0,
    protocol: media.protocol,
    formats: media.payloads.split(' ').filter((format) => format !== ''),
    address: isIP(address) === 0 ? null : address,
    rtcpPort: isPort(rtcpPort) ? rtcpPort : null,
    // 10…60 ms is what telephones send; anything else we read as the usual.
    ptimeMs: ptimeMs >= 10 && ptimeMs <= 60 ? ptimeMs : null,
    direction: media.direction ?? session.direction ?? 'sendrecv',
    rtpmaps: media.rtp.map(({ payload, codec, rate, encoding }) => ({
      payloadType: payload,
      codec: codec.toUpperCase(),
      clockRateHz: rate,
      channels: encoding,
    })),
  };
}
