import { PacketBatchWriter, StreamFramer, type StreamFrame } from 'node-mediastream';
import type { Clock } from '../../../base/index.js';
import type { TapOutlets } from './bridge-environment.js';
import type { LegId, Speaker } from './bridge-protocol.js';
import type { HeardPacket, PacketListener } from './heard-packet.js';
import type { Codec } from './law.js';

/** The names under which a leg's audio is kept. */
export interface TapNames {
  readonly callId: string;
  readonly speaker: Speaker;
}

export interface TapOptions {
  readonly legId: LegId;
  readonly clock: Clock;
  /** Asked at each message: listeners come and go. */
  readonly outlets: () => TapOutlets;
}

/** Collects the packets of a leg, bit-exact, telephone-events included, for the recorder. */
export class RecordTapWriter implements PacketListener {
  readonly name = 'record';
  readonly #options: TapOptions;
  readonly #batch = new PacketBatchWriter();
  /** Read once, so that times within a leg never run backwards. */
  readonly #unixOffsetMs: number;
  #names: TapNames;
  #codec: Codec = 'PCMU';
  #isOn = false;

  constructor(options: TapOptions, names: TapNames) {
    this.#options = options;
    this.#names = names;
    this.#unixOffsetMs = options.clock.wallMs() - options.clock.monotonicMs();
  }

  /** Packets that found the batch full since nobody took it. */
  get droppedCount(): number {
    return this.#batch.droppedCount;
  }

  turn(isOn: boolean): void {
    if (!isOn) this.flush();
    this.#isOn = isOn;
  }

  /** What came until now still goes under the old names. */
  assign(names: TapNames): void {
    this.flush();
    // Nobody took it: under the new names it would be in the wrong call.
    if (this.#batch.packetCount > 0) this.#batch.take();
    this.#names = names;
  }

  hear({ packet, codec, arrivalMs }: HeardPacket): void {
    if (!this.#isOn) return;
    if (codec !== this.#codec) this.flush();
    this.#codec = codec;
    this.#batch.append(packet, arrivalMs + this.#unixOffsetMs);
  }

  flush(): void {
    const { record } = this.#options.outlets();
    if (record === null || this.#batch.packetCount === 0) return;
    const { callId, speaker } = this.#names;
    const { legId } = this.#options;
    record({ legId, callId, speaker, codec: this.#codec, packets: this.#batch.take() });
  }
}

/** Turns a leg's packets into an unbroken line of samples for the detector. */
export class DetectTapWriter implements PacketListener {
  readonly name = 'detect';
  readonly #options: TapOptions;
  readonly #framer = new StreamFramer({ onFrame: (frame) => this.#onFrame(frame) });
  readonly #batchSamples: number;
  #names: TapNames;
  #isOn = false;
  #samples: Int16Array<ArrayBuffer>;
  #filled = 0;
  /** Of samples[0], in samples since the first of the leg. */
  #position = 0;
  #originTick: number | null = null;
  #arrivedMs = 0;

  constructor(options: TapOptions, names: TapNames, batchMs: number) {
    this.#options = options;
    this.#names = names;
    this.#batchSamples = Math.max(1, Math.round(batchMs / 20)) * 160;
    this.#samples = new Int16Array(this.#batchSamples);
  }

  turn(isOn: boolean): void {
    if (!isOn) this.flush();
    this.#isOn = isOn;
  }

  assign(names: TapNames): void {
    this.flush();
    this.#names = names;
  }

  hear({ packet, kind, samples, arrivalMs }: HeardPacket): void {
    if (!this.#isOn || kind !== 'audio') return;
    this.#arrivedMs = arrivalMs;
    const { sequenceNumber, rtpTimestamp, ssrc } = packet;
    this.#framer.push({ sequenceNumber, rtpTimestamp, ssrc, samples }, arrivalMs);
  }

  /** Nothing follows: what is held goes out too. */
  end(): void {
    this.#framer.end();
    this.flush();
  }

  flush(): void {
    const filled = this.#filled;
    if (filled === 0) return;
    this.#filled = 0;
    const { detect } = this.#options.outlets();
    if (detect === null) return;
    const samples =
      filled === this.#samples.length ? this.#samples : this.#samples.slice(0, filled);
    // A whole batch is given away with its memory.
    if (samples === this.#samples) this.#samples = new Int16Array(this.#batchSamples);
    const { callId, speaker } = this.#names;
    detect({
      legId: this.#options.legId,
      callId,
      speaker,
      samples,
      startTick: (this.#originTick ?? 0) + this.#position,
      arrivedMs: this.#arrivedMs,
    });
  }

  #onFrame({ samples, rtpTimestamp, positionSamples }: StreamFrame): void {
    // Position 0 stands where the first packet stood; from there on it only counts up.
    this.#originTick ??= rtpTimestamp - positionSamples;
    if (this.#filled > 0 && positionSamples !== this.#position + this.#filled) this.flush();
    if (this.#filled === 0) this.#position = positionSamples;
    this.#samples.set(samples, this.#filled);
    this.#filled += samples.length;
    if (this.#filled === this.#samples.length) this.flush();
  }
}
