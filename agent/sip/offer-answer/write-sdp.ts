import { isIP } from 'node:net';
import { write, type SessionDescription } from 'sdp-transform';
import type { Codec, Direction } from './media-description.js';
import type { SdpStream } from './read-sdp.js';

/** Our audio stream, as we describe it. */
export interface WrittenStream {
  readonly address: string;
  readonly port: number;
  /** The next port unless told (RFC 3550 §11); another is written as `a=rtcp` (RFC 3605). */
  readonly rtcpPort?: number;
  readonly codecs: readonly { readonly codec: Codec; readonly payloadType: number }[];
  readonly telephoneEventPayloadType: number | null;
  readonly ptimeMs: number;
  readonly direction: Direction;
}

/** One m= line: our stream, or a stream of theirs that we do not take (port 0, RFC 3264 §6). */
export type WrittenLine =
  | { readonly kind: 'audio'; readonly stream: WrittenStream }
  | { readonly kind: 'refused'; readonly stream: Pick<SdpStream, 'type' | 'protocol' | 'formats'> };

export interface SdpIdentity {
  /** Constant for the session: any number below 2^53. Not read when `previous` is given. */
  readonly sessionId: number;
  /** Our last SDP in this session; null for the first. */
  readonly previous: string | null;
}

type WrittenMedia = SessionDescription['media'][number];

/**
 * Writes an SDP whose `o=` continues that of the previous one: the very same text when nothing changed, a version one higher
 * when anything did (RFC 3264 §8). Same input, same text.
 */
export function writeSdp(
  lines: readonly WrittenLine[],
  address: string,
  identity: SdpIdentity,
): string {
  const last = identity.previous === null ? null : originOf(identity.previous);
  const { sessionId, version } = last ?? { sessionId: identity.sessionId, version: 1 };
  const same = format(lines, address, { sessionId, version });
  if (last === null || same === identity.previous) return same;
  return format(lines, address, { sessionId, version: version + 1 });
}

interface Origin {
  readonly sessionId: number;
  readonly version: number;
}

/** Reads back what `writeSdp` wrote. */
function originOf(sdp: string): Origin | null {
  const origin = /^o=- (\d{1,16}) (\d{1,16}) /m.exec(sdp);
  return origin === null ? null : { sessionId: Number(origin[1]), version: Number(origin[2]) };
}

function format(lines: readonly WrittenLine[], address: string, origin: Origin): string {
  const ipVersion = isIP(address) === 6 ? 6 : 4;
  return write({
    version: 0,
    origin: {
      username: '-',
      sessionId: origin.sessionId,
      sessionVersion: origin.version,
      netType: 'IN',
      ipVer: ipVersion,
      address,
    },
    name: '-',
    connection: { version: ipVersion, ip: address },
    timing: { start: 0, stop: 0 },
    media: lines.map((line) =>
      line.kind === 'audio' ? audioLine(line.stream) : refusedLine(line.stream),
    ),
  });
}

function refusedLine({
  type,
  protocol,
  formats,
}: Pick<SdpStream, 'type' | 'protocol' | 'formats'>): WrittenMedia {
  return { type, port: 0, protocol, payloads: formats.join(' '), rtp: [], fmtp: [] };
}

function audioLine(stream: WrittenStream): WrittenMedia {
  const event = stream.telephoneEventPayloadType;
  const types = stream.codecs.map(({ payloadType }) => payloadType);
  return {
    type: 'audio',
    port: stream.port,
    protocol: 'RTP/AVP',
    payloads: (event === null ? types : [...types, event]).join(' '),
    rtp: [
      ...stream.codecs.map(({ codec, payloadType }) => ({
        payload: payloadType,
        codec,
        rate: 8_000,
      })),
      ...(event === null ? [] : [{ payload: event, codec: 'telephone-event', rate: 8_000 }]),
    ],
    fmtp: event === null ? [] : [{ payload: event, config: '0-15' }],
    ...(stream.rtcpPort === undefined || stream.rtcpPort === stream.port + 1
      ? {}
      : { rtcp: { port: stream.rtcpPort } }),
    ptime: stream.ptimeMs,
    direction: stream.direction,
  };
}
