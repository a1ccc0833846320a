/** The maxima of the recorder. */
export interface RecorderLimits {
  /** What came in is on the disk after this time, ms; with the media worker's batching and the disk itself, under 2 s. */
  readonly flushEveryMs: number;
  /** The oldest packet that a leg keeps in memory: while nobody has answered, and while the disk refuses, ms. */
  readonly heldMsMax: number;
  /** Of one leg's packets in memory, whatever their age. */
  readonly heldBytesMax: number;
  readonly segmentMsMax: number;
  readonly segmentBytesMax: number;
  /** Between attempts while the disk refuses, ms. */
  readonly retryEveryMs: number;
  /** Waits after `end` for packets on their way from the media worker, ms. */
  readonly settleMs: number;
  /** Waits after `end` for a disk that refuses, ms; then the rest is a gap. */
  readonly endPatienceMs: number;
  /** Recordings at once. */
  readonly recordingsMax: number;
  /** Legs of one recording, transfers included. */
  readonly tracksMax: number;
  /** Batches kept of calls that have not begun yet: taps and commands come over different ports. */
  readonly earlyBatchesMax: number;
}

export const RECORDER_LIMITS: RecorderLimits = {
  flushEveryMs: 1_000,
  heldMsMax: 120_000,
  heldBytesMax: 4 * 1_048_576,
  segmentMsMax: 60_000,
  segmentBytesMax: 1_048_576,
  retryEveryMs: 2_000,
  settleMs: 250,
  endPatienceMs: 10_000,
  recordingsMax: 64,
  tracksMax: 32,
  earlyBatchesMax: 64,
};
