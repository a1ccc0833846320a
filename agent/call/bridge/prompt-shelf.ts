import { attentionBeep, type Prompt } from 'node-mediastream';
import type { PromptId } from './bridge-protocol.js';
import { encodeLaw, type Codec } from './law.js';

/** Announcements kept in memory; a further one is refused. */
export const PROMPTS_MAX = 32;
/** The one that is there whatever file is missing. */
export const ATTENTION_PROMPT: PromptId = 'tone:attention';
const ATTENTION_SAMPLES = 8_000;

/** A prompt ready to be sent in either law, or to be mixed. */
export interface ShelvedPrompt {
  /** s16, 8 kHz. */
  readonly samples: Int16Array;
  /** The samples as octets of each law. */
  readonly octets: Readonly<Record<Codec, Uint8Array>>;
}

/** The loaded prompts, each encoded once for all calls. */
export class PromptShelf {
  readonly #prompts = new Map<PromptId, ShelvedPrompt | 'loading'>();

  constructor() {
    const samples = new Int16Array(ATTENTION_SAMPLES);
    attentionBeep().fill(samples);
    this.#prompts.set(ATTENTION_PROMPT, shelve(samples));
  }

  /** @returns undefined when there is none of this name; 'loading' when it may come */
  find(promptId: PromptId): ShelvedPrompt | 'loading' | undefined {
    return this.#prompts.get(promptId);
  }

  /** Says that a prompt is on its way. @returns false when the shelf is full */
  expect(promptId: PromptId): boolean {
    if (this.#prompts.has(promptId)) return true;
    if (this.#prompts.size >= PROMPTS_MAX) return false;
    this.#prompts.set(promptId, 'loading');
    return true;
  }

  /** Puts a prompt in; one of the same name is replaced, and whoever plays the old one plays it out. */
  put(promptId: PromptId, prompt: Prompt): void {
    this.#prompts.set(promptId, shelve(prompt.samples));
  }

  /** The expected prompt will not come; an older one of its name stays. */
  giveUp(promptId: PromptId): void {
    if (this.#prompts.get(promptId) === 'loading') this.#prompts.delete(promptId);
  }
}

function shelve(samples: Int16Array): ShelvedPrompt {
  const octets = { PCMU: new Uint8Array(samples.length), PCMA: new Uint8Array(samples.length) };
  encodeLaw('PCMU', samples, octets.PCMU);
  encodeLaw('PCMA', samples, octets.PCMA);
  return { samples, octets };
}
