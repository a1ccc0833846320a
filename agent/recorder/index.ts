export { decodePayload } from './decode-payload.js';
export {
  createRecorder,
  type Recorder,
  type RecorderEvents,
  type RecorderOptions,
} from './recorder-client.js';
export { RECORDER_LIMITS, type RecorderLimits } from './recorder-limits.js';
export {
  type BeginOptions,
  type LegGap,
  type RecordedLeg,
  type RecordingSummary,
  type TappedPackets,
} from './recorder-protocol.js';
export {
  rebuildStereo,
  rebuildWav,
  type RebuildOptions,
  type RebuiltAudio,
  type RecordingFiles,
} from './rebuild-wav.js';
export { recoverRecordings, type CutRecording, type RecoveryOptions } from './recovery.js';
export {
  SEGMENT_VERSION,
  type BlockContent,
  type GapReason,
  type RecordedPacket,
  type RecordingGap,
  type SegmentBlock,
  type SegmentHeader,
} from './segment-format.js';
export { readSegment, readSegmentFile, type SegmentContents } from './segment-reader.js';
