import { isIP } from 'node:net';
import { PTIME_MS } from '../../../base/index.js';
import { mirror, narrow } from './direction.js';
import type { Codec, Direction, MediaDescription } from './media-description.js';
import { firstUsable, isNullAddress, type UsableStream } from './parse-media-description.js';
import { readSdp, type SdpProblem, type SdpStream } from './read-sdp.js';
import { writeSdp, type SdpIdentity, type WrittenLine, type WrittenStream } from './write-sdp.js';

/** Our end of the stream. */
export interface LocalMedia extends SdpIdentity {
  /** The IP that we advertise. */
  readonly address: string;
  readonly port: number;
  /** `port + 1` unless told. */
  readonly rtcpPort?: number;
  /** What we take, best first: PCMU alone unless told, since the NGN answers 488 to more (TTC JJ-90.30). */
  readonly codecs?: readonly Codec[];
  /** What we want; `sendrecv` unless told. An answer is narrowed to what the offer allows. */
  readonly direction?: Direction;
}

export interface OfferOptions extends LocalMedia {
  /** The payload type to offer telephone-event with, usually 101; null where the profile has DTMF in band. */
  readonly telephoneEventPayloadType: number | null;
  /** 20 unless told. */
  readonly ptimeMs?: number;
}

export interface AnswerOptions extends LocalMedia {
  /** Whether to take telephone-event where it is offered; true unless told. */
  readonly telephoneEvent?: boolean;
}

/** What both sides settled on. */
export interface AgreedMedia {
  readonly codec: Codec;
  /** What we send with, as the other side numbers it. */
  readonly payloadType: number;
  /** null: DTMF goes in band. */
  readonly telephoneEventPayloadType: number | null;
  readonly ptimeMs: number;
  /** As seen from us: `sendonly` means that we send and hear nothing. */
  readonly direction: Direction;
  readonly remoteAddress: string;
  readonly remoteRtpPort: number;
  readonly remoteRtcpPort: number;
}

/** The SDP cannot be used: 488 to an offer (RFC 3261 §21.4.26), BYE after such an answer. */
export interface SdpRefusal extends SdpProblem {
  readonly kind: 'refused';
  readonly status: 488;
}

export type AnswerOutcome =
  { readonly kind: 'answer'; readonly sdp: string; readonly agreed: AgreedMedia } | SdpRefusal;
export type AgreementOutcome =
  { readonly kind: 'agreed'; readonly agreed: AgreedMedia } | SdpRefusal;

const STATIC_TYPES: Readonly<Record<Codec, number>> = { PCMU: 0, PCMA: 8 };
const DEFAULT_CODECS: readonly Codec[] = ['PCMU'];

const refuse = (problem: SdpProblem['problem']): SdpRefusal => ({
  kind: 'refused',
  status: 488,
  problem,
});

/**
 * Writes our offer. In a later offer of the same session every m= line of before stays in its place (RFC 3264 §8): streams
 * that were refused stay refused.
 */
export function createOffer(options: OfferOptions): string {
  const ours: WrittenLine = {
    kind: 'audio',
    stream: {
      ...streamBase(options),
      codecs: offeredCodecs(options),
      telephoneEventPayloadType: options.telephoneEventPayloadType,
      ptimeMs: options.ptimeMs ?? PTIME_MS,
      direction: options.direction ?? 'sendrecv',
    },
  };
  return writeSdp(replaceOurs(options.previous, ours), options.address, options);
}

/** A codec keeps the number that it had in this session (RFC 3264 §8.3.2). */
function offeredCodecs({
  codecs = DEFAULT_CODECS,
  previous,
}: OfferOptions): WrittenStream['codecs'] {
  const before = previous === null ? null : usableIn(previous);
  return codecs.map((codec) => {
    const at = before?.media.codecs.indexOf(codec) ?? -1;
    return { codec, payloadType: before?.media.payloadTypes?.[at] ?? STATIC_TYPES[codec] };
  });
}

function replaceOurs(previous: string | null, ours: WrittenLine): readonly WrittenLine[] {
  const streams = previous === null ? [] : readSdp(previous);
  if ('problem' in streams || streams.length === 0) return [ours];
  const at = firstUsable(streams)?.index ?? 0;
  return streams.map((stream, index) => (index === at ? ours : { kind: 'refused', stream }));
}

/**
 * Answers an offer (RFC 3264 §6): the first audio stream that we can use is taken, every other m= line is refused in its
 * place. One codec is answered, telephone-event only where it was offered, and the packet time is theirs.
 */
export function createAnswer(offerSdp: string, options: AnswerOptions): AnswerOutcome {
  const streams = readSdp(offerSdp);
  if ('problem' in streams) return refuse(streams.problem);
  const codecs = options.codecs ?? DEFAULT_CODECS;
  const usable = firstWithCodec(streams, codecs, options.address);
  if (usable === null) return refuse('noUsableAudio');
  const { media, choice } = usable;
  const direction = narrow(mirror(offeredDirection(usable)), options.direction ?? 'sendrecv');
  const event = options.telephoneEvent === false ? null : media.telephoneEventPayloadType;
  const ours: WrittenLine = {
    kind: 'audio',
    stream: {
      ...streamBase(options),
      codecs: [choice],
      telephoneEventPayloadType: event,
      ptimeMs: media.ptimeMs,
      direction,
    },
  };
  const lines = streams.map((stream, index): WrittenLine => {
    return index === usable.index ? ours : { kind: 'refused', stream };
  });
  return {
    kind: 'answer',
    sdp: writeSdp(lines, options.address, options),
    agreed: {
      ...remoteOf(media),
      ...choice,
      telephoneEventPayloadType: event,
      direction: canReach(media) ? direction : narrow(direction, 'recvonly'),
    },
  };
}

/**
 * What the answer to our offer settles.
 * @param ourOffer as `createOffer` wrote it
 */
export function negotiateAnswer(ourOffer: string, answerSdp: string): AgreementOutcome {
  const offered = usableIn(ourOffer);
  const offeredStreams = readSdp(ourOffer);
  const streams = readSdp(answerSdp);
  if ('problem' in streams) return refuse(streams.problem);
  if (offered === null || 'problem' in offeredStreams) return refuse('malformed');
  // As many m= lines as were offered (RFC 3264 §6); ours stands where we put it.
  const stream = streams[offered.index];
  if (streams.length !== offeredStreams.length || stream === undefined) return refuse('malformed');
  const usable = firstWithCodec([stream], offered.media.codecs, offered.media.address);
  if (usable === null) return refuse('noUsableAudio');
  const { media, choice } = usable;
  const theirs = isNullAddress(media.address) ? 'inactive' : mirror(stream.direction);
  const wantsEvents = offered.media.telephoneEventPayloadType !== null;
  return {
    kind: 'agreed',
    agreed: {
      ...remoteOf(media),
      ...choice,
      telephoneEventPayloadType: wantsEvents ? media.telephoneEventPayloadType : null,
      direction: narrow(offered.stream.direction, theirs),
    },
  };
}

/** @returns whether the other side holds: it wants to hear nothing of us, in any of the three spellings */
export function isHold(media: MediaDescription): boolean {
  return (
    media.direction === 'sendonly' || media.direction === 'inactive' || isNullAddress(media.address)
  );
}

interface CodecChoice {
  readonly codec: Codec;
  readonly payloadType: number;
}

/** Their order of preference decides (RFC 3264 §6.1), and our address must be of their family. */
function firstWithCodec(
  streams: readonly SdpStream[],
  codecs: readonly Codec[],
  ourAddress: string,
): (UsableStream & { readonly choice: CodecChoice }) | null {
  for (const [index, stream] of streams.entries()) {
    const usable = firstUsable([stream]);
    if (usable === null) continue;
    const { media } = usable;
    const at = media.codecs.findIndex((codec) => codecs.includes(codec));
    const codec = media.codecs[at];
    if (codec === undefined || isIP(media.address) !== isIP(ourAddress)) continue;
    const payloadType = media.payloadTypes?.[at] ?? STATIC_TYPES[codec];
    return { index, stream, media, choice: { codec, payloadType } };
  }
  return null;
}

function usableIn(sdp: string): UsableStream | null {
  const streams = readSdp(sdp);
  return 'problem' in streams ? null : firstUsable(streams);
}

/**
 * With `c=0.0.0.0` they cannot be reached, whatever the direction says: the answer promises to listen only, as to `sendonly`
 * (RFC 3264 §8.4).
 */
function offeredDirection({ stream, media }: UsableStream): Direction {
  return canReach(media) ? stream.direction : narrow(stream.direction, 'sendonly');
}

const canReach = (media: MediaDescription): boolean => !isNullAddress(media.address);

function streamBase(local: LocalMedia): Pick<WrittenStream, 'address' | 'port' | 'rtcpPort'> {
  const { address, port, rtcpPort } = local;
  return rtcpPort === undefined ? { address, port } : { address, port, rtcpPort };
}

function remoteOf(
  media: MediaDescription,
): Pick<AgreedMedia, 'remoteAddress' | 'remoteRtpPort' | 'remoteRtcpPort' | 'ptimeMs'> {
  return {
    remoteAddress: media.address,
    remoteRtpPort: media.rtpPort,
    remoteRtcpPort: media.rtcpPort,
    ptimeMs: media.ptimeMs,
  };
}
