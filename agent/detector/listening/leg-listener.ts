import type { Clock } from '../../../base/index.js';
import type { DetectorEvent, Speaker } from '../detector-event.js';
import { LogMel, SampleRing, Upsampler, WINDOW_SAMPLES } from '../features/index.js';
import { KeywordSearch, type PhraseHit, type PhraseTrie } from '../keyword/index.js';
import type { LoadedModels } from '../model/index.js';
import { VoiceStream, type VoiceChange } from '../vad/index.js';
import { KanaText, type KanaLine } from './kana-text.js';

/** One frame of posteriors: 20 ms. */
const FRAME_SAMPLES = 320;
const FRAME_MS = 20;
/** What the ear must hear after a frame before its posteriors are good: 0.3 s. */
const LOOKAHEAD_FRAMES = 15;
/** A window is left out when no voice was heard for this long before its end: its new frames (0.5 s), look-ahead, margin. */
const VOICE_MARGIN_SAMPLES = 3_200;
/** Windows that may wait; more, and the oldest are dropped and counted. */
const WINDOWS_LATE_MAX = 2;
/** 4 s of window and as much again for what arrives meanwhile. */
const RING_SAMPLES = 2 * WINDOW_SAMPLES;
/** The first window reaches back before the first sample, into silence. */
const ORIGIN = WINDOW_SAMPLES;
/** Silence after the last sample that lets the last frames out of the window. */
const TAIL_SAMPLES_8K = 8_000;

/** The steps of listening in frames of 20 ms: 0.5 s, and 1.0 s when the machine is late. */
export const HOP_FRAMES = { normal: 25, slow: 50 } as const;

export interface LegCounts {
  readonly windows: number;
  /** Windows without a voice, never computed. */
  readonly windowsQuiet: number;
  /** Windows dropped because the machine was late. */
  readonly windowsDropped: number;
}

export interface LegListenerParts {
  readonly speaker: Speaker;
  /** Sample at 8 kHz, counted from the start of the leg, that the first pushed sample is. */
  readonly startTick: number;
  readonly models: LoadedModels;
  readonly trie: PhraseTrie;
  readonly clock: Clock;
}

/**
 * Listens to one leg: 8 kHz samples in, events out. `push` is cheap and synchronous; `advance` does what has become due,
 * at most one window, and is never run twice at once. Falls behind by dropping windows, never by queueing them.
 */
export class LegListener {
  readonly speaker: Speaker;
  readonly #parts: LegListenerParts;
  readonly #upsampler = new Upsampler();
  readonly #ring = new SampleRing(RING_SAMPLES, ORIGIN);
  readonly #logMel = new LogMel();
  readonly #voice: VoiceStream;
  readonly #kana: KanaText;
  #search: KeywordSearch;
  #pushedTicks = 0;
  #nextFrame = 0;
  #hopFrames: number = HOP_FRAMES.normal;
  #hearsWords = true;
  #windows = 0;
  #windowsQuiet = 0;
  #windowsDropped = 0;

  constructor(parts: LegListenerParts) {
    const { models } = parts;
    this.speaker = parts.speaker;
    this.#parts = parts;
    this.#voice = new VoiceStream(models.vad.vad, models.vad.manifest.thresholds, this.#ring);
    this.#kana = new KanaText(models.ear.ear.alphabet);
    this.#search = new KeywordSearch(parts.trie, models.ear.ear.alphabet.size);
  }

  /** Sample at 8 kHz, counted from the start of the leg, that comes next. */
  get nextTick(): number {
    return this.#parts.startTick + this.#pushedTicks;
  }

  get counts(): LegCounts {
    return {
      windows: this.#windows,
      windowsQuiet: this.#windowsQuiet,
      windowsDropped: this.#windowsDropped,
    };
  }

  /** Milliseconds of speech heard. */
  get spokenMs(): number {
    return this.#voice.spokenMs;
  }

  get hasWork(): boolean {
    return this.#voice.hasWork || this.#ring.end >= this.#dueAt;
  }

  /** How far the machine is behind the audio, ms; 0 when the next window is not due yet. */
  get lateMs(): number {
    return Math.max(0, (this.#ring.end - this.#dueAt) / 16);
  }

  /** Frames between windows; and whether words are listened for, or only voices. */
  setEffort(hopFrames: number, hearsWords: boolean): void {
    this.#hopFrames = hopFrames;
    this.#hearsWords = hearsWords;
  }

  /** The shop changed its words: open paths begin anew. */
  setPhrases(trie: PhraseTrie): void {
    this.#search = new KeywordSearch(trie, this.#parts.models.ear.ear.alphabet.size);
  }

  /** Takes 8 kHz samples; copies. */
  push(samples: Int16Array): void {
    this.#pushedTicks += samples.length;
    this.#ring.push(this.#upsampler.push(samples));
  }

  /** Does what is due: voice activity, then at most one window. */
  async advance(): Promise<DetectorEvent[]> {
    const events = this.#voiceEvents(await this.#voice.hear());
    this.#dropLate();
    if (this.#ring.end < this.#dueAt) return events;
    const quiet = this.#voice.lastVoiceAt < this.#dueAt - this.#reachSamples;
    if (quiet || !this.#hearsWords) {
      this.#windowsQuiet += 1;
      this.#nextFrame += this.#hopFrames;
      events.push(...this.#kanaEvents(this.#kana.end()));
    } else {
      events.push(...(await this.#hearWindow()));
    }
    return events;
  }

  /** The leg is over: hears what is left. */
  async finish(): Promise<DetectorEvent[]> {
    const lastFrame = Math.ceil((this.#pushedTicks * 2) / FRAME_SAMPLES);
    this.#hopFrames = HOP_FRAMES.normal;
    this.#ring.push(this.#upsampler.flush());
    this.#ring.push(new Float32Array(TAIL_SAMPLES_8K * 2));
    const events: DetectorEvent[] = [];
    while (this.#nextFrame < lastFrame && this.hasWork) events.push(...(await this.advance()));
    events.push(...this.#kanaEvents(this.#kana.end()), ...this.#voiceEvents(this.#voice.end()));
    return events;
  }

  /** Ring position at which the next window is complete. */
  get #dueAt(): number {
    return ORIGIN + (this.#nextFrame + this.#hopFrames + LOOKAHEAD_FRAMES) * FRAME_SAMPLES;
  }

  get #reachSamples(): number {
    return (this.#hopFrames + LOOKAHEAD_FRAMES) * FRAME_SAMPLES + VOICE_MARGIN_SAMPLES;
  }

  #dropLate(): void {
    const late = Math.floor((this.#ring.end - this.#dueAt) / (this.#hopFrames * FRAME_SAMPLES));
    if (late < WINDOWS_LATE_MAX) return;
    this.#windowsDropped += late;
    this.#nextFrame += late * this.#hopFrames;
  }

  async #hearWindow(): Promise<DetectorEvent[]> {
    const { models, clock } = this.#parts;
    const { ear } = models.ear;
    const startedMs = clock.monotonicMs();
    const picture = this.#logMel.window(this.#ring, this.#dueAt - ear.inputSamples);
    const posteriors = await ear.infer(picture);
    const end = ear.outputFrames - LOOKAHEAD_FRAMES;
    const size = ear.alphabet.size;
    const kept = posteriors.subarray((end - this.#hopFrames) * size, end * size);
    const firstFrame = this.#nextFrame;
    this.#nextFrame += this.#hopFrames;
    this.#windows += 1;
    const hits = this.#search.hear(kept, firstFrame);
    const lines = this.#kana.hear(kept, firstFrame);
    const computeMs = Math.round(clock.monotonicMs() - startedMs);
    return [...this.#kanaEvents(lines), ...hits.map((hit) => this.#keywordEvent(hit, computeMs))];
  }

  /** Audio time of what has been pushed: when a live listener knows what is told now. */
  get #nowMs(): number {
    return Math.round(this.nextTick / 8);
  }

  #frameMs(frame: number): number {
    return Math.round(this.#parts.startTick / 8 + frame * FRAME_MS);
  }

  #keywordEvent(hit: PhraseHit, computeMs: number): DetectorEvent {
    const { text, reading, category, level } = hit.phrase;
    return {
      event: 'keyword',
      speaker: this.speaker,
      phrase: text,
      reading,
      category,
      level,
      score: Math.round(Math.exp(hit.score) * 1_000) / 1_000,
      startMs: this.#frameMs(hit.firstFrame),
      endMs: this.#frameMs(hit.lastFrame + 1),
      reportedAtMs: this.#nowMs,
      computeMs,
    };
  }

  #kanaEvents(lines: readonly KanaLine[]): DetectorEvent[] {
    return lines.map(({ text, firstFrame, lastFrame }) => ({
      event: 'kana',
      speaker: this.speaker,
      startMs: this.#frameMs(firstFrame),
      endMs: this.#frameMs(lastFrame + 1),
      text,
      reportedAtMs: this.#nowMs,
    }));
  }

  #voiceEvents(changes: readonly VoiceChange[]): DetectorEvent[] {
    return changes.map(({ name, position }) => ({
      event: name === 'started' ? 'speechStarted' : 'speechEnded',
      speaker: this.speaker,
      atMs: Math.min(this.#nowMs, Math.round(this.#parts.startTick / 8 + (position - ORIGIN) / 16)),
      reportedAtMs: this.#nowMs,
    }));
  }
}
