import type { SampleRing } from '../features/index.js';
import {
  VAD_CONTEXT_SAMPLES,
  VAD_STEP_MS,
  VAD_STEP_SAMPLES,
  type Vad,
  type VadManifest,
  type VadState,
} from '../model/index.js';
import { QUIET, stepGate, type GateLimits, type GateState } from './speech-gate.js';

/** Speech began or ended at this sample position of the leg's ring. */
export interface VoiceChange {
  readonly name: 'started' | 'ended';
  readonly position: number;
}

/** Voice activity along one leg. */
export class VoiceStream {
  readonly #vad: Vad;
  readonly #limits: GateLimits;
  readonly #ring: SampleRing;
  readonly #input = new Float32Array(VAD_CONTEXT_SAMPLES + VAD_STEP_SAMPLES);
  #memory: VadState;
  #gate: GateState = QUIET;
  #origin: number;
  #step = 0;
  #startedAt: number | null = null;
  #spokenSamples = 0;
  #lastVoiceAt = -Infinity;

  /** @param ring the leg's samples at 16 kHz; hearing begins at its present end */
  constructor(vad: Vad, thresholds: VadManifest['thresholds'], ring: SampleRing) {
    this.#vad = vad;
    this.#ring = ring;
    this.#origin = ring.end;
    this.#memory = vad.initialState();
    this.#limits = {
      ...thresholds,
      startsAfterSteps: Math.ceil(thresholds.startsAfterMs / VAD_STEP_MS),
      endsAfterSteps: Math.ceil(thresholds.endsAfterMs / VAD_STEP_MS),
    };
  }

  /** True when 32 ms of new audio wait. */
  get hasWork(): boolean {
    return this.#position + VAD_STEP_SAMPLES <= this.#ring.end;
  }

  /** Position after the newest step that held a voice; −Infinity: none yet. */
  get lastVoiceAt(): number {
    return this.#lastVoiceAt;
  }

  /** Milliseconds of speech so far. */
  get spokenMs(): number {
    const open = this.#startedAt === null ? 0 : this.#position - this.#startedAt;
    return (this.#spokenSamples + open) / 16;
  }

  /** Hears all audio that waits. What was overwritten unheard is left out, and the stream begins anew there. */
  async hear(): Promise<VoiceChange[]> {
    const changes: VoiceChange[] = [];
    if (this.#position - VAD_CONTEXT_SAMPLES < this.#ring.start) this.#skip();
    while (this.hasWork) {
      this.#ring.read(this.#position - VAD_CONTEXT_SAMPLES, this.#input);
      const { probability, state } = await this.#vad.infer(this.#input.slice(), this.#memory);
      this.#memory = state;
      const input = { step: this.#step, probability };
      const [gate, event] = stepGate(this.#gate, input, this.#limits);
      this.#gate = gate;
      if (event !== null) changes.push(this.#note(event.name, this.#at(event.atStep)));
      this.#step += 1;
      if (probability >= this.#limits.speechEnds || gate.name === 'speech') {
        this.#lastVoiceAt = this.#position;
      }
      if (this.#position - VAD_CONTEXT_SAMPLES < this.#ring.start) this.#skip();
    }
    return changes;
  }

  /** The leg ends: speech that still goes on ends with it. */
  end(): VoiceChange[] {
    return this.#startedAt === null ? [] : [this.#note('ended', this.#position)];
  }

  get #position(): number {
    return this.#at(this.#step);
  }

  #at(step: number): number {
    return this.#origin + step * VAD_STEP_SAMPLES;
  }

  #note(name: 'started' | 'ended', position: number): VoiceChange {
    if (name === 'started') this.#startedAt = position;
    else {
      this.#spokenSamples += position - (this.#startedAt ?? position);
      this.#startedAt = null;
    }
    return { name, position };
  }

  #skip(): void {
    const missed = this.#ring.end - this.#position;
    this.#step += Math.max(0, Math.floor(missed / VAD_STEP_SAMPLES) - 1);
    this.#memory = this.#vad.initialState();
  }
}
