import { fileURLToPath } from 'node:url';
import type { Log } from '../../base/index.js';
import { PROMPTS, type BridgeCommand, type BridgeEvent } from '../call/index.js';

/** An announcement is at most 6 s (PRODUCT); the others may be longer. */
const ANNOUNCEMENT_MAX_MS = 6_000;
const PROMPT_MAX_MS = 60_000;

const builtIn = (name: string): string =>
  fileURLToPath(new URL(`../../../agent/call/prompts/${name}.wav`, import.meta.url));

/** Hands the prompts to the media worker. */
export function loadPrompts(
  configured: string | null,
  send: (command: BridgeCommand) => void,
): void {
  const load = (promptId: string, file: string, maxMs: number): void =>
    send({ do: 'loadPrompt', promptId, file, maxMs });
  load(PROMPTS.builtIn, builtIn(PROMPTS.builtIn), ANNOUNCEMENT_MAX_MS);
  for (const promptId of [PROMPTS.apology, PROMPTS.waiting, PROMPTS.hold]) {
    load(promptId, builtIn(promptId), PROMPT_MAX_MS);
  }
  if (configured !== null) load(PROMPTS.configured, configured, ANNOUNCEMENT_MAX_MS);
}

/** Which prompts can be played, and so what the next caller hears. */
export class Prompts {
  readonly #wanted: 'configured' | 'builtIn';
  readonly #log: Log;
  readonly #onFault: (code: string) => void;
  readonly #broken = new Set<string>();

  constructor(configured: string | null, log: Log, onFault: (code: string) => void) {
    this.#wanted = configured === null ? 'builtIn' : 'configured';
    this.#log = log;
    this.#onFault = onFault;
  }

  /**
   * A missing or broken file never stops a call: a tone stands for it. One that is still being read is waited for by the
   * media worker: the first caller after a start hears it too.
   */
  get announcement(): 'configured' | 'builtIn' | 'tone' {
    return this.#broken.has(PROMPTS[this.#wanted]) ? 'tone' : this.#wanted;
  }

  onEvent(event: BridgeEvent): void {
    if (event.name === 'promptLoaded') this.#broken.delete(event.promptId);
    if (event.name !== 'promptFailed') return;
    const { promptId, reason } = event;
    this.#broken.add(promptId);
    this.#log.error('promptBroken', { promptId, reason });
    this.#onFault(promptId === PROMPTS[this.#wanted] ? 'announcement-broken' : 'prompt-broken');
  }
}
