import { PTIME_MS, TELEPHONE_RATE_HZ } from '../../../base/index.js';
import type { Codec, MediaDescription } from './media-description.js';
import { readSdp, type SdpProblem, type SdpStream } from './read-sdp.js';

/** RFC 3551 §6: known without an rtpmap. */
const STATIC_CODECS: Readonly<Record<string, Codec>> = { '0': 'PCMU', '8': 'PCMA' };

/** The old spelling of hold (RFC 3264 §8.4), and its sibling. */
export const isNullAddress = (address: string): boolean =>
  address === '0.0.0.0' || address === '::';

/** The stream that carries the call, and its place among the m= lines. */
export interface UsableStream {
  readonly index: number;
  readonly stream: SdpStream;
  readonly media: MediaDescription;
}

/**
 * Reads what the other side can receive: the first audio stream that we can use.
 * @returns a problem instead of throwing, whatever the text is
 */
export function parseMediaDescription(sdp: string): MediaDescription | SdpProblem {
  const streams = readSdp(sdp);
  if ('problem' in streams) return streams;
  return firstUsable(streams)?.media ?? { problem: 'noUsableAudio' };
}

/** @returns null when no stream is audio over RTP/AVP with a G.711 law, an address and a port */
export function firstUsable(streams: readonly SdpStream[]): UsableStream | null {
  for (const [index, stream] of streams.entries()) {
    const media = mediaOf(stream);
    if (media !== null) return { index, stream, media };
  }
  return null;
}

function mediaOf(stream: SdpStream): MediaDescription | null {
  const { address } = stream;
  if (stream.type !== 'audio' || stream.protocol !== 'RTP/AVP' || stream.port === 0) return null;
  if (address === null || isMulticast(address)) return null;
  const offered = stream.formats.flatMap((format) => {
    const codec = codecOf(stream, format);
    return codec === null ? [] : [{ codec, payloadType: Number(format) }];
  });
  if (offered.length === 0) return null;
  return {
    address,
    rtpPort: stream.port,
    rtcpPort: stream.rtcpPort ?? Math.min(stream.port + 1, 65_535),
    codecs: offered.map(({ codec }) => codec),
    payloadTypes: offered.map(({ payloadType }) => payloadType),
    telephoneEventPayloadType: telephoneEventOf(stream),
    ptimeMs: stream.ptimeMs ?? PTIME_MS,
    direction: isNullAddress(address) ? 'inactive' : stream.direction,
  };
}

function codecOf(stream: SdpStream, format: string): Codec | null {
  if (!/^\d{1,3}$/.test(format) || Number(format) > 127) return null;
  const map = stream.rtpmaps.find(({ payloadType }) => payloadType === Number(format));
  if (map === undefined) return STATIC_CODECS[format] ?? null;
  if (map.clockRateHz !== TELEPHONE_RATE_HZ || map.channels !== 1) return null;
  return map.codec === 'PCMU' || map.codec === 'PCMA' ? map.codec : null;
}

/** Of several rates of telephone-event the one of our codecs counts (RFC 4733 §2.1). */
function telephoneEventOf(stream: SdpStream): number | null {
  const map = stream.rtpmaps.find(
    ({ codec, clockRateHz, payloadType }) =>
      codec === 'TELEPHONE-EVENT' &&
      clockRateHz === TELEPHONE_RATE_HZ &&
      payloadType >= 96 &&
      payloadType <= 127 &&
      stream.formats.includes(String(payloadType)),
  );
  return map?.payloadType ?? null;
}

const isMulticast = (address: string): boolean => {
  const first = Number(address.split('.', 1)[0]);
  return address.toLowerCase().startsWith('ff') || (first >= 224 && first <= 239);
};
