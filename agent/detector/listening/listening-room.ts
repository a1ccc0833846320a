import type { Clock, Timer } from '../../../base/index.js';
import type { DetectorEvent, Speaker } from '../detector-event.js';
import { buildPhraseTrie, type Phrase, type PhraseTrie } from '../keyword/index.js';
import type { LoadedModels } from '../model/index.js';
import { FULL, OBSERVATION_MS, stepEffort, type EffortState } from './effort-machine.js';
import { HOP_FRAMES, LegListener } from './leg-listener.js';

/** Legs listened to at once: eight calls, both sides, and as many ending. */
export const LEGS_MAX = 32;
/** Lost audio to this length is heard as silence; more, and the leg is listened to anew from there: 1 s. */
const GAP_TICKS_MAX = 8_000;

export interface RoomReport {
  readonly effort: EffortState['effort'];
  readonly legs: number;
  readonly windows: number;
  readonly windowsDropped: number;
  /** The latest leg's delay, ms. */
  readonly lateMs: number;
  /** How long the model has been at the window it is at, ms. */
  readonly inWindowMs: number;
}

interface ListenedLeg {
  readonly speaker: Speaker;
  listener: LegListener | null;
  /** Closed: heard to the end, then forgotten. */
  closing: boolean;
}

export interface RoomParts {
  readonly models: LoadedModels;
  readonly phrases: readonly Phrase[];
  readonly clock: Clock;
  readonly onEvent: (leg: number, event: DetectorEvent) => void;
}

/**
 * Listens to all legs with one model: callers first, in turn; then staff. One window is computed at a time, and while it
 * is, audio goes on arriving.
 */
export class ListeningRoom {
  readonly #parts: RoomParts;
  readonly #legs = new Map<number, ListenedLeg>();
  #trie: PhraseTrie;
  #effort = FULL;
  #running = false;
  #stopped = false;
  #busySinceMs: number | null = null;
  #busyMs = 0;
  #windowsClosed = 0;
  #droppedClosed = 0;
  #droppedBefore = 0;
  #observation: Timer;

  constructor(parts: RoomParts) {
    this.#parts = parts;
    this.#trie = this.#trieOf(parts.phrases);
    this.#observation = parts.clock.after(OBSERVATION_MS, () => this.#observe());
  }

  get report(): RoomReport {
    const { windows, dropped } = this.#totals();
    const lateMs = [...this.#legs.values()].map((leg) => leg.listener?.lateMs ?? 0);
    const nowMs = this.#parts.clock.monotonicMs();
    return {
      effort: this.#effort.effort,
      legs: this.#legs.size,
      windows,
      windowsDropped: dropped,
      lateMs: Math.round(Math.max(0, ...lateMs)),
      inWindowMs: this.#busySinceMs === null ? 0 : nowMs - this.#busySinceMs,
    };
  }

  /** Begins to listen; beyond `LEGS_MAX` legs it does not. @returns whether it does */
  open(leg: number, speaker: Speaker): boolean {
    if (this.#legs.size >= LEGS_MAX) return false;
    this.#legs.set(leg, { speaker, listener: null, closing: false });
    return true;
  }

  /** @param startTick place of the first sample in its leg, 8 kHz; what came twice is left out */
  push(leg: number, startTick: number, samples: Int16Array): void {
    const listened = this.#legs.get(leg);
    if (listened === undefined || listened.closing) return;
    let listener = listened.listener;
    const gap = listener === null ? 0 : startTick - listener.nextTick;
    if (listener === null || gap > GAP_TICKS_MAX || gap < -GAP_TICKS_MAX) {
      this.#count(listener);
      listener = this.#listenerOf(listened.speaker, startTick);
      listened.listener = listener;
    } else if (gap > 0) listener.push(new Int16Array(gap));
    listener.push(gap < 0 ? samples.subarray(-gap) : samples);
    this.#wake();
  }

  /** The leg is over: what is left of it is heard, told, and the leg forgotten. */
  close(leg: number): void {
    const listened = this.#legs.get(leg);
    if (listened === undefined) return;
    listened.closing = true;
    this.#wake();
  }

  setPhrases(phrases: readonly Phrase[]): void {
    this.#trie = this.#trieOf(phrases);
    for (const { listener } of this.#legs.values()) listener?.setPhrases(this.#trie);
  }

  stop(): void {
    this.#stopped = true;
    this.#observation.cancel();
  }

  #trieOf(phrases: readonly Phrase[]): PhraseTrie {
    const { ear } = this.#parts.models;
    return buildPhraseTrie(phrases, ear.ear.alphabet, ear.manifest.thresholds.perMora);
  }

  #listenerOf(speaker: Speaker, startTick: number): LegListener {
    const { models, clock } = this.#parts;
    const listener = new LegListener({ speaker, startTick, models, trie: this.#trie, clock });
    this.#setEffortOf(listener);
    return listener;
  }

  #setEffortOf(listener: LegListener): void {
    const { effort } = this.#effort;
    const hop = effort === 'full' ? HOP_FRAMES.normal : HOP_FRAMES.slow;
    listener.setEffort(hop, effort !== 'callersOnly' || listener.speaker === 'caller');
  }

  #wake(): void {
    if (this.#running || this.#stopped) return;
    this.#running = true;
    // A bug in here ends the process by its rejection; the agent sees it and starts another.
    void this.#run();
  }

  async #run(): Promise<void> {
    let next = this.#next();
    while (next !== null && !this.#stopped) {
      const [index, leg] = next;
      this.#busySinceMs = this.#parts.clock.monotonicMs();
      const ending = leg.closing;
      const events = ending ? await leg.listener?.finish() : await leg.listener?.advance();
      this.#busyMs += this.#parts.clock.monotonicMs() - this.#busySinceMs;
      this.#busySinceMs = null;
      // Behind all others of its kind: everyone gets a turn.
      this.#legs.delete(index);
      if (ending) this.#count(leg.listener);
      else this.#legs.set(index, leg);
      for (const event of events ?? []) this.#parts.onEvent(index, event);
      next = this.#next();
    }
    this.#running = false;
  }

  #next(): readonly [number, ListenedLeg] | null {
    const waiting = [...this.#legs].filter(([, leg]) => this.#hasWork(leg));
    const caller = waiting.find(([, leg]) => leg.speaker === 'caller');
    return caller ?? waiting[0] ?? null;
  }

  #hasWork(leg: ListenedLeg): boolean {
    return leg.closing || leg.listener?.hasWork === true;
  }

  #count(listener: LegListener | null): void {
    this.#windowsClosed += listener?.counts.windows ?? 0;
    this.#droppedClosed += listener?.counts.windowsDropped ?? 0;
  }

  #totals(): { windows: number; dropped: number } {
    let windows = this.#windowsClosed;
    let dropped = this.#droppedClosed;
    for (const { listener } of this.#legs.values()) {
      windows += listener?.counts.windows ?? 0;
      dropped += listener?.counts.windowsDropped ?? 0;
    }
    return { windows, dropped };
  }

  #observe(): void {
    const { dropped } = this.#totals();
    this.#effort = stepEffort(this.#effort, {
      windowsDropped: dropped - this.#droppedBefore,
      busyShare: this.#busyMs / OBSERVATION_MS,
    });
    this.#droppedBefore = dropped;
    this.#busyMs = 0;
    for (const { listener } of this.#legs.values()) {
      if (listener !== null) this.#setEffortOf(listener);
    }
    this.#observation = this.#parts.clock.after(OBSERVATION_MS, () => this.#observe());
  }
}
