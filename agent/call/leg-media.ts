import { isDeepStrictEqual } from 'node:util';
import {
  createAnswer,
  createOffer,
  negotiateAnswer,
  type AgreedMedia,
  type Codec,
  type SdpRefusal,
} from '../sip/index.js';
import type {
  BridgeCommand,
  LegHealth,
  LegId,
  LegRemote,
  Speaker,
} from './bridge/bridge-protocol.js';
import type { LegPlan } from './media-plan.js';

/** What a leg's SDP may hold, from the line's profile or the phones' settings. */
export interface LegAbility {
  readonly codecs: readonly Codec[];
  /** Payload type to offer RFC 4733 with; null: digits go in band. */
  readonly telephoneEventPayloadType: number | null;
}

export interface LegMediaOptions {
  readonly legId: LegId;
  readonly callId: string;
  readonly speaker: Speaker;
  readonly ability: LegAbility;
  /** Constant for the leg's SDP (RFC 8866 §5.2), below 2^53. */
  readonly sdpSessionId: number;
  readonly send: (command: BridgeCommand) => void;
}

/** Whether a leg's port is there. */
type Port =
  | { readonly state: 'closed' | 'opening' | 'failed' }
  | { readonly state: 'open'; readonly address: string; readonly rtpPort: number };

/** The media side of one leg: its port, what was offered and agreed, and the plan in force. */
export class LegMedia {
  readonly legId: LegId;
  readonly #options: LegMediaOptions;
  #port: Port = { state: 'closed' };
  #whenOpen: ((opened: boolean) => void) | null = null;
  /** Our last SDP: an offer or an answer. */
  #ours: string | null = null;
  #remote: LegRemote | null = null;
  #plan: LegPlan | null = null;
  #speaker: Speaker;
  /** As of the last report. */
  health: LegHealth | null = null;

  constructor(options: LegMediaOptions) {
    this.legId = options.legId;
    this.#options = options;
    this.#speaker = options.speaker;
  }

  /** Whose voice comes in on it. */
  get speaker(): Speaker {
    return this.#speaker;
  }

  /** Whether both sides have settled on something that can be heard. */
  get isAgreed(): boolean {
    return this.#remote !== null;
  }

  /** Whether they want to hear nothing of us now. */
  get isHeld(): boolean {
    return this.#remote !== null && isHeld(this.#remote);
  }

  /** Asks for a port; `then` hears whether there is one. */
  open(then: (opened: boolean) => void): void {
    const { legId, callId, speaker } = this.#options;
    this.#port = { state: 'opening' };
    this.#whenOpen = then;
    this.#options.send({ do: 'openLeg', legId, callId, speaker, port: null });
  }

  onOpened(address: string, rtpPort: number): void {
    this.#port = { state: 'open', address, rtpPort };
    this.#whenOpen?.(true);
    this.#whenOpen = null;
  }

  onOpenFailed(): void {
    this.#port = { state: 'failed' };
    this.#whenOpen?.(false);
    this.#whenOpen = null;
  }

  /** @returns our offer; null when there is no port */
  offer(): string | null {
    if (this.#port.state !== 'open') return null;
    this.#ours = createOffer({
      address: this.#port.address,
      port: this.#port.rtpPort,
      codecs: this.#options.ability.codecs,
      telephoneEventPayloadType: this.#options.ability.telephoneEventPayloadType,
      sessionId: this.#options.sdpSessionId,
      previous: this.#ours,
    });
    return this.#ours;
  }

  /** Answers an offer, and takes what it says of the other side. */
  answer(offerSdp: string): { readonly sdp: string; readonly held: boolean } | SdpRefusal | null {
    if (this.#port.state !== 'open') return null;
    const outcome = createAnswer(offerSdp, {
      address: this.#port.address,
      port: this.#port.rtpPort,
      codecs: this.#options.ability.codecs,
      telephoneEvent: this.#options.ability.telephoneEventPayloadType !== null,
      sessionId: this.#options.sdpSessionId,
      previous: this.#ours,
    });
    if (outcome.kind === 'refused') return outcome;
    this.#ours = outcome.sdp;
    this.#take(outcome.agreed);
    return { sdp: outcome.sdp, held: isHeld(outcome.agreed) };
  }

  /** @returns our answer to what an INVITE offers, or our offer where it is empty; null when it cannot be answered */
  firstSdp(offerSdp: string): string | null {
    if (offerSdp === '') return this.offer();
    const outcome = this.answer(offerSdp);
    return outcome !== null && 'sdp' in outcome ? outcome.sdp : null;
  }

  /** Takes the answer to our offer. @returns null when it cannot be used */
  agree(answerSdp: string): { readonly held: boolean } | null {
    if (this.#ours === null) return null;
    const outcome = negotiateAnswer(this.#ours, answerSdp);
    if (outcome.kind === 'refused') return null;
    this.#take(outcome.agreed);
    return { held: isHeld(outcome.agreed) };
  }

  /** Tells the media worker what has changed of the plan. */
  apply(plan: LegPlan): void {
    if (this.#port.state !== 'open') return;
    const { legId } = this;
    const before = this.#plan;
    const send = this.#options.send;
    if (before?.record !== plan.record || before.detect !== plan.detect) {
      send({ do: 'tap', legId, record: plan.record, detect: plan.detect });
    }
    if (!isDeepStrictEqual(before?.tones, plan.tones)) {
      send({ do: 'listenForTones', legId, tones: plan.tones });
    }
    if ((before?.silenceAfterMs ?? null) !== plan.silenceAfterMs) {
      send({ do: 'watchSilence', legId, afterMs: plan.silenceAfterMs });
    }
    if (!isDeepStrictEqual(before?.source, plan.source)) {
      send({ do: 'setSource', legId, source: plan.source });
    }
    this.#plan = plan;
  }

  /** The leg goes over to another call. */
  assign(callId: string, speaker: Speaker): void {
    this.#plan = null;
    this.#speaker = speaker;
    this.#options.send({ do: 'assignLeg', legId: this.legId, callId, speaker });
  }

  sendDigit(digit: string, durationMs: number): void {
    this.#options.send({ do: 'sendDigit', legId: this.legId, digit, durationMs });
  }

  /** @returns whether the worker will report the end of the leg */
  close(): boolean {
    if (this.#port.state === 'closed' || this.#port.state === 'failed') return false;
    this.#port = { state: 'closed' };
    this.#options.send({ do: 'closeLeg', legId: this.legId });
    return true;
  }

  #take(agreed: AgreedMedia): void {
    const remote: LegRemote = {
      address: agreed.remoteAddress,
      rtpPort: agreed.remoteRtpPort,
      rtcpPort: agreed.remoteRtcpPort,
      codec: agreed.codec,
      payloadType: agreed.payloadType,
      telephoneEventPayloadType: agreed.telephoneEventPayloadType,
      ptimeMs: agreed.ptimeMs,
      direction: agreed.direction,
    };
    if (isDeepStrictEqual(remote, this.#remote)) return;
    this.#remote = remote;
    this.#options.send({ do: 'setRemote', legId: this.legId, remote });
  }
}

/** They hold when they want to hear nothing of us (RFC 3264 §8.4), in any of the three spellings. */
function isHeld({ direction }: Pick<AgreedMedia, 'direction'>): boolean {
  return direction === 'recvonly' || direction === 'inactive';
}
