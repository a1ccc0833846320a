/** One packet time of decoded audio: 20 ms, mono, signed 16-bit. */
export interface PcmFrame {
  /** `sampleRateHz / 50` samples, borrowed: valid until push() returns. Copy to keep. */
  readonly samples: Int16Array;
  readonly sampleRateHz: SampleRateHz;
  /** RTP timestamp of samples[0]: uint32, wraps (RFC 3550 §5.1). */
  readonly rtpTimestamp: number;
}

export type SampleRateHz = 8_000 | 16_000 | 48_000;

/** A stage. push() is synchronous and far cheaper than 20 ms; it throws only on a bug. */
export interface FrameSink {
  /** The chain from here on, for logs: `tee(mailbox(250) -> recorder, mailbox(50) -> detector)`. */
  readonly chain: string;
  push(frame: PcmFrame): void;
  /** No frame follows. Called once, however the call ended. */
  end(): void;
}

/** 20 ms: what one PcmFrame lasts at any rate. */
export const FRAME_MS = 20;

/** @returns the samples of one 20 ms frame */
export function samplesPerFrame(sampleRateHz: SampleRateHz): number {
  return sampleRateHz / 50;
}
