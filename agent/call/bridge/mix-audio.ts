import {
  Concealer,
  JitterBuffer,
  Limiter,
  mixFrames,
  type JitterPull,
  type MixInput,
} from 'node-mediastream';
import type { LegId } from './bridge-protocol.js';
import type { HeardPacket, PacketListener } from './heard-packet.js';
import { decodeLaw, encodeLaw, FRAME_OCTETS, type Codec } from './law.js';
import type { OwnAudio } from './own-audio.js';
import type { PromptPlay } from './prompt-play.js';

/** Voices in one mix; further ones are left out. */
export const VOICES_MAX = 8;
/** What reaches an ear of the shop's staff at most, dBFS. */
const CEILING_DBFS = -6;

/** One leg's voice within a mix: put in order, gaps concealed, 20 ms at a time. */
export class MixVoice implements PacketListener {
  readonly name = 'mix';
  readonly samples = new Int16Array(FRAME_OCTETS);
  readonly #jitter = new JitterBuffer();
  readonly #concealer = new Concealer();
  #codec: Codec = 'PCMU';

  hear({ packet, kind, codec, payload, arrivalMs }: HeardPacket): void {
    if (kind !== 'audio') return;
    this.#codec = codec;
    const { sequenceNumber, rtpTimestamp, ssrc, marker } = packet;
    this.#jitter.push({ sequenceNumber, rtpTimestamp, ssrc, marker, payload }, arrivalMs);
  }

  /** Puts the next 20 ms into `samples`. */
  pull(): void {
    const pulled: JitterPull = this.#jitter.pull();
    if (pulled.kind === 'gap' && pulled.cause !== 'silence') {
      this.#concealer.conceal(this.samples);
      return;
    }
    if (pulled.kind === 'packet') decodeLaw(this.#codec, pulled.payload, this.samples);
    else this.samples.fill(0);
    this.#concealer.receive(this.samples);
  }
}

/** The prompt of a mix, at the same level as the voices. */
class MixPrompt {
  readonly samples = new Int16Array(FRAME_OCTETS);
  readonly #play: PromptPlay;

  constructor(play: PromptPlay) {
    this.#play = play;
    // A name that nobody knows is told at once, and not when the other side's address comes.
    play.find();
  }

  /** @returns whether it was heard in this frame */
  pull(): boolean {
    if (!this.#play.find()) return false;
    const written = this.#play.take(FRAME_OCTETS, (prompt, { from, to, at }) =>
      this.samples.set(prompt.samples.subarray(from, to), at),
    );
    this.samples.fill(0, written);
    return written > 0;
  }

  abandon(): void {
    this.#play.end(false);
  }
}

export interface MixOptions {
  readonly from: readonly LegId[];
  readonly prompt: PromptPlay | null;
  /** Voices of the mix before, so that going on with the same legs loses no audio. */
  readonly voices: ReadonlyMap<LegId, MixVoice>;
  /** Whether staff listens: a shout must not hurt. */
  readonly isLimited: boolean;
}

/** Several legs and perhaps a prompt as one voice: listen, whisper, join, warning. */
export class MixAudio implements OwnAudio {
  readonly voices = new Map<LegId, MixVoice>();
  readonly #prompt: MixPrompt | null;
  readonly #limiter: Limiter | null;
  readonly #inputs: MixInput[] = [];
  readonly #samples = new Int16Array(FRAME_OCTETS);

  constructor({ from, prompt, voices, isLimited }: MixOptions) {
    for (const legId of from.slice(0, VOICES_MAX)) {
      this.voices.set(legId, voices.get(legId) ?? new MixVoice());
    }
    this.#prompt = prompt === null ? null : new MixPrompt(prompt);
    this.#limiter = isLimited ? new Limiter({ ceilingDbfs: CEILING_DBFS }) : null;
  }

  isReady(): boolean {
    return true;
  }

  fill(codec: Codec, out: Uint8Array): boolean {
    this.#inputs.length = 0;
    for (const voice of this.voices.values()) {
      voice.pull();
      this.#inputs.push(voice);
    }
    if (this.#prompt?.pull() === true) this.#inputs.push(this.#prompt);
    mixFrames(this.#inputs, this.#samples);
    this.#limiter?.limit(this.#samples);
    encodeLaw(codec, this.#samples, out);
    return true;
  }

  abandon(): void {
    this.#prompt?.abandon();
  }
}
