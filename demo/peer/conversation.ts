import { readFile } from 'node:fs/promises';
import { messageOf, type Random } from '../../base/index.js';
import {
  createAnswer,
  createOffer,
  negotiateAnswer,
  type AgreedMedia,
  type InviteSession,
  type SessionEnd,
  type SessionEvent,
} from '../../agent/sip/index.js';
import { loadPrompt } from 'node-mediastream';
import type { PeerEvent } from './control.js';
import type { Voice } from './voice.js';

/** The longest line of a script, ms. */
const SPEECH_MS_MAX = 30_000;
/** RFC 8866 §5.2 wants no more than a number that does not come again. */
const SESSION_ID_MAX = 2 ** 32;

export interface ConversationOptions {
  readonly voice: Voice;
  readonly address: string;
  readonly random: Random;
  readonly tell: (event: PeerEvent) => void;
  readonly onEnded: () => void;
}

/** One call as one end has it: the session, its SDP, and the voice that speaks in it. */
export class Conversation {
  readonly #options: ConversationOptions;
  readonly #sessionId: number;
  #session: InviteSession | null = null;
  /** Our last SDP. */
  #ours: string | null = null;

  constructor(options: ConversationOptions) {
    this.#options = options;
    this.#sessionId = Math.floor(options.random.fraction() * SESSION_ID_MAX);
  }

  /** Our offer; DTMF goes in band, as behind a home gateway. */
  offer(): string {
    this.#ours = createOffer({ ...this.#local(), telephoneEventPayloadType: null });
    return this.#ours;
  }

  /** Takes the session that this conversation is; its events come here from now on. */
  follow(session: InviteSession): void {
    this.#session = session;
    session.onEvent = (event) => this.#onEvent(event);
  }

  /** UAS: answers the call. */
  accept(): void {
    const session = this.#session;
    if (session?.state !== 'early') return;
    const offer = sdpIn(session);
    if (offer === null) {
      session.accept(this.offer());
      this.#options.tell({ event: 'answered' });
      return;
    }
    const answer = createAnswer(offer, this.#local());
    if (answer.kind === 'refused') {
      session.reject(answer.status);
      return;
    }
    this.#ours = answer.sdp;
    session.accept(answer.sdp);
    this.#connect(answer.agreed);
    this.#options.tell({ event: 'answered' });
  }

  say(file: string): void {
    const { voice, tell } = this.#options;
    readFile(file)
      .then((bytes) => {
        const { samples } = loadPrompt(bytes, { maxMs: SPEECH_MS_MAX });
        if (this.#session?.state !== 'confirmed') tell({ event: 'said', file, whole: false });
        else voice.say(samples, (whole) => tell({ event: 'said', file, whole }));
      })
      .catch((cause: unknown) => tell({ event: 'failed', reason: `${file}: ${messageOf(cause)}` }));
  }

  hangUp(): void {
    this.#session?.hangUp();
  }

  #onEvent(event: SessionEvent): void {
    const { tell } = this.#options;
    switch (event.name) {
      case 'progress':
        this.#takeAnswer(event.sdp);
        tell({ event: 'progress', status: event.status });
        return;
      case 'answered':
        this.#takeAnswer(event.sdp);
        tell({ event: 'answered' });
        return;
      case 'confirmed':
      case 'answer':
        this.#takeAnswer(event.sdp);
        return;
      case 'offer':
        this.#takeOffer(event.sdp);
        return;
      case 'refer':
        this.#session?.rejectRefer(event.id, 603);
        return;
      case 'ended':
        this.#end(event.end);
        return;
      case 'offerRefused':
      case 'info':
        return;
    }
  }

  #takeAnswer(sdp: string | null): void {
    if (sdp === null || this.#ours === null) return;
    const outcome = negotiateAnswer(this.#ours, sdp);
    if (outcome.kind === 'agreed') this.#connect(outcome.agreed);
    else this.#options.tell({ event: 'failed', reason: `SDP: ${outcome.problem}` });
  }

  #takeOffer(sdp: string | null): void {
    if (sdp === null) {
      this.#session?.answerOffer(this.offer());
      return;
    }
    const answer = createAnswer(sdp, this.#local());
    if (answer.kind === 'refused') {
      this.#session?.rejectOffer(answer.status);
      return;
    }
    this.#ours = answer.sdp;
    this.#session?.answerOffer(answer.sdp);
    this.#connect(answer.agreed);
  }

  #connect(agreed: AgreedMedia): void {
    const { remoteAddress: address, remoteRtpPort: port, payloadType } = agreed;
    this.#options.voice.connect({ address, port, payloadType });
  }

  #end({ by, how, status }: SessionEnd): void {
    const { tell, voice, onEnded } = this.#options;
    voice
      .close()
      .catch((cause: unknown) => tell({ event: 'failed', reason: messageOf(cause) }))
      .finally(() => {
        tell({ event: 'ended', by, how, status });
        onEnded();
      });
  }

  #local() {
    const { address, voice } = this.#options;
    return { address, port: voice.port, sessionId: this.#sessionId, previous: this.#ours };
  }
}

/** @returns the offer in the INVITE; null when it has none */
function sdpIn({ invite }: InviteSession): string | null {
  return invite.body.length === 0 ? null : Buffer.from(invite.body).toString('utf8');
}
