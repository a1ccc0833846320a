import {
  encodeRtpHeader,
  PacedSender,
  RTP_HEADER_BYTES,
  RtpRewriter,
  type RelayPayloadTypes,
  type RtpHeader,
  type RtpPacket,
} from 'node-mediastream';
import type { Clock, Random } from '../../../base/index.js';
import type { MediaSocket } from './bridge-environment.js';
import type {
  BridgeEvent,
  LegId,
  LegRemote,
  LegSource,
  PromptId,
  Speaker,
} from './bridge-protocol.js';
import { FRAME_OCTETS, transcodeTable } from './law.js';
import { DigitsOut } from './digits-out.js';
import { MixAudio, type MixVoice } from './mix-audio.js';
import { PromptAudio, ToneAudio, type OwnAudio } from './own-audio.js';
import { PromptPlay } from './prompt-play.js';
import type { PromptShelf } from './prompt-shelf.js';

export interface LegOutputOptions {
  readonly legId: LegId;
  readonly clock: Clock;
  readonly random: Random;
  readonly shelf: PromptShelf;
  readonly onEvent: (event: BridgeEvent) => void;
  /** Tells RTCP of each packet. */
  readonly onSent: (payloadBytes: number, rtpTimestamp: number) => void;
}

const NO_VOICES: ReadonlyMap<LegId, MixVoice> = new Map();

/**
 * What one leg hears: a single RTP stream, whatever its source is.
 *
 *   another leg's packets --relay()--> rewriter --\
 *   prompt, tone, mix --20 ms--> law --> rewriter --> send
 *   digit: RFC 4733, or in band ------> rewriter --/
 */
export class LegOutput {
  readonly #options: LegOutputOptions;
  readonly #rewriter: RtpRewriter;
  readonly #digits: DigitsOut;
  readonly #header: RtpHeader;
  #speaker: Speaker;
  #socket: MediaSocket | null = null;
  #remote: LegRemote | null = null;
  #latchedPort: number | null = null;
  #source: LegSource = { kind: 'silence' };
  #own: OwnAudio | null = null;
  #pacer: PacedSender | null = null;
  #types: RelayPayloadTypes = { audioOut: 0, telephoneEventIn: null, telephoneEventOut: null };
  #transcode: Uint8Array | null = null;
  #relayedPayloadType = -1;
  #sentCount = 0;
  #unsentCount = 0;

  constructor(options: LegOutputOptions, speaker: Speaker) {
    const { clock, random } = options;
    this.#options = options;
    this.#speaker = speaker;
    this.#rewriter = new RtpRewriter({
      ssrc: random.uint32(),
      sequenceNumber: random.uint32() & 0xffff,
      rtpTimestamp: random.uint32(),
    });
    this.#header = {
      marker: false,
      payloadType: 0,
      sequenceNumber: 0,
      rtpTimestamp: 0,
      ssrc: this.ssrc,
    };
    this.#digits = new DigitsOut(clock, {
      timestampAt: (nowMs) => this.#rewriter.timestampAt(nowMs),
      sendEvent: (payload, rtpTimestamp, marker) => this.#sendEvent(payload, rtpTimestamp, marker),
    });
  }

  get ssrc(): number {
    return this.#rewriter.ssrc;
  }

  get sentCount(): number {
    return this.#sentCount;
  }

  /** Relayed packets that came before there was anyone to send to, or while we may not send. */
  get unsentCount(): number {
    return this.#unsentCount;
  }

  /** The leg whose packets this one hears; null when it hears no other leg directly. */
  get relaysFrom(): LegId | null {
    return this.#source.kind === 'relay' ? this.#source.from : null;
  }

  /** The legs that are mixed for this one, and where their packets go. */
  get voices(): ReadonlyMap<LegId, MixVoice> {
    return this.#own instanceof MixAudio ? this.#own.voices : NO_VOICES;
  }

  setSocket(socket: MediaSocket): void {
    this.#socket = socket;
    this.wake();
  }

  setRemote(remote: LegRemote): void {
    this.#remote = remote;
    this.wake();
  }

  /** @param port where the other side really sends from; null: where its SDP says */
  setLatchedPort(port: number | null): void {
    this.#latchedPort = port;
  }

  setSpeaker(speaker: Speaker): void {
    this.#speaker = speaker;
  }

  setSource(source: LegSource): void {
    const before = this.#own;
    const own = this.#makeOwn(source);
    const goesOn = before instanceof MixAudio && own instanceof MixAudio;
    before?.abandon();
    this.#source = source;
    this.#own = own;
    if (!goesOn) {
      this.#stopPacer();
      this.#rewriter.switchSource();
    }
    this.wake();
  }

  /** Says how to carry what the relayed leg sends. @param from its remote; null: there is no such leg yet */
  setRelay(from: LegRemote | null): void {
    const remote = this.#remote;
    if (from === null || remote === null) {
      this.#relayedPayloadType = -1;
      return;
    }
    this.#transcode = transcodeTable(from.codec, remote.codec);
    this.#relayedPayloadType = from.payloadType;
    const before = this.#types;
    const types = {
      audioOut: remote.payloadType,
      telephoneEventIn: from.telephoneEventPayloadType,
      telephoneEventOut: remote.telephoneEventPayloadType,
    };
    const isSame =
      before.audioOut === types.audioOut &&
      before.telephoneEventIn === types.telephoneEventIn &&
      before.telephoneEventOut === types.telephoneEventOut;
    if (isSame) return;
    this.#types = types;
    this.#rewriter.switchSource(types);
  }

  /** Sends on a packet of the leg that is relayed, as it comes. Allocates nothing of its own. */
  relay(packet: RtpPacket, arrivalMs: number): void {
    const socket = this.#socket;
    if (socket === null || this.#relayedPayloadType < 0 || !this.#maySend()) {
      this.#unsentCount++;
      return;
    }
    const isEvent = packet.payloadType === this.#types.telephoneEventIn;
    // A digit takes the place of the voice (RFC 4733 §2.5.1); in band it would be spoilt by it.
    if (!isEvent && (this.#pacer !== null || this.#digits.isSendingEvent)) return;
    const out = socket.sendBuffer();
    const length = this.#rewriter.rewrite(packet, arrivalMs, out);
    if (length === 0) return;
    const table = this.#transcode;
    if (table !== null && packet.payloadType === this.#relayedPayloadType) {
      for (let i = RTP_HEADER_BYTES; i < length; i++) out[i] = table[out[i]!]!;
    }
    const rtpTimestamp = ((out[4]! << 24) | (out[5]! << 16) | (out[6]! << 8) | out[7]!) >>> 0;
    this.#send(socket, out, length, rtpTimestamp);
  }

  /** A digit for the other side, by the way that its SDP allows. */
  sendDigit(digit: string, durationMs: number): void {
    if (this.#remote === null) return;
    if (this.#remote.telephoneEventPayloadType === null) this.#digits.sayInBand(digit, durationMs);
    else this.#digits.sendEvent(digit, durationMs);
    this.wake();
  }

  /** The relayed leg dialled a digit by RFC 4733: said in band where its packets could not be sent on. */
  relayDigit(digit: string, durationMs: number): void {
    if (this.#remote?.telephoneEventPayloadType === null) this.sendDigit(digit, durationMs);
  }

  /** Starts what waited for the other side's address, or for a prompt being loaded. */
  wake(): void {
    const isReady = this.#own?.isReady() === true;
    if (this.#pacer !== null || this.#socket === null || !this.#maySend()) return;
    if (!isReady && !this.#digits.isInBand) return;
    this.#rewriter.switchSource();
    const pacer = new PacedSender({
      clock: this.#options.clock,
      onFrame: (slot) => this.#sendFrame(slot),
    });
    this.#pacer = pacer;
    pacer.start();
  }

  close(): void {
    this.#own?.abandon();
    this.#own = null;
    this.#stopPacer();
    this.#digits.stop();
    this.#socket = null;
  }

  #maySend(): boolean {
    const direction = this.#remote?.direction;
    return direction === 'sendrecv' || direction === 'sendonly';
  }

  #makeOwn(source: LegSource): OwnAudio | null {
    switch (source.kind) {
      case 'silence':
      case 'relay':
        return null;
      case 'play':
        return new PromptAudio(this.#play(source.promptId, source.playId, source.repeat));
      case 'tone':
        return new ToneAudio(source.tone);
      case 'mix': {
        const { prompt } = source;
        return new MixAudio({
          from: source.from,
          prompt: prompt === null ? null : this.#play(prompt.promptId, prompt.playId, false),
          voices: this.voices,
          isLimited: this.#speaker === 'staff',
        });
      }
    }
  }

  #play(promptId: PromptId, playId: string, repeat: boolean): PromptPlay {
    const { legId, clock, shelf, onEvent } = this.#options;
    return new PromptPlay({
      shelf,
      promptId,
      repeat,
      onStarted: () => onEvent({ name: 'playStarted', legId, playId, atWallMs: clock.wallMs() }),
      onEnded: (completed) =>
        onEvent({ name: 'playEnded', legId, playId, atWallMs: clock.wallMs(), completed }),
    });
  }

  #stopPacer(): void {
    this.#pacer?.stop();
    this.#pacer = null;
  }

  #sendFrame(slot: number): void {
    const { clock } = this.#options;
    const socket = this.#socket;
    const remote = this.#remote;
    // While they hold, what is played waits: an announcement counts only when it was heard.
    if (socket === null || remote === null || !this.#maySend()) return;
    const out = socket.sendBuffer();
    const length = RTP_HEADER_BYTES + FRAME_OCTETS;
    if (!this.#fill(remote, out.subarray(RTP_HEADER_BYTES, length))) return;
    this.#rewriter.next(slot * FRAME_OCTETS, clock.monotonicMs(), this.#header);
    this.#header.payloadType = remote.payloadType;
    encodeRtpHeader(this.#header, out);
    this.#send(socket, out, length, this.#header.rtpTimestamp);
  }

  /** @returns false when there is nothing to send; stops the ticks unless something new has begun */
  #fill(remote: LegRemote, out: Uint8Array): boolean {
    if (this.#digits.fillInBand(remote.codec, out)) return true;
    const own = this.#own;
    const pacer = this.#pacer;
    if (own?.isReady() === true && own.fill(remote.codec, out)) return true;
    // The end of a play is told from within: the answer may already be another source.
    if (this.#pacer === pacer) this.#stopPacer();
    return false;
  }

  #sendEvent(payload: Uint8Array, rtpTimestamp: number, marker: boolean): void {
    const payloadType = this.#remote?.telephoneEventPayloadType ?? null;
    const socket = this.#socket;
    if (payloadType === null || socket === null || !this.#maySend()) return;
    this.#rewriter.insert(rtpTimestamp, this.#options.clock.monotonicMs(), this.#header);
    this.#header.payloadType = payloadType;
    this.#header.marker = marker;
    const out = socket.sendBuffer();
    encodeRtpHeader(this.#header, out);
    out.set(payload, RTP_HEADER_BYTES);
    this.#send(socket, out, RTP_HEADER_BYTES + payload.length, rtpTimestamp);
  }

  #send(socket: MediaSocket, out: Uint8Array, length: number, rtpTimestamp: number): void {
    const remote = this.#remote;
    if (remote === null) return;
    socket.sendRtp(out, length, this.#latchedPort ?? remote.rtpPort, remote.address);
    this.#sentCount++;
    this.#options.onSent(length - RTP_HEADER_BYTES, rtpTimestamp);
  }
}
