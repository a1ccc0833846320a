// rtp
export type { MediaClock, MediaTimer } from './rtp/media-clock.js';
export { PacketBatchWriter, readPacketBatch, type RawPacket } from './rtp/packet-batch.js';
export { CATCH_UP_FRAMES_MAX, PacedSender, type PacedSenderOptions } from './rtp/paced-sender.js';
export { ReceptionStatistics, type ReceptionSummary } from './rtp/reception-report.js';
export { REPORT_INTERVAL_MS, RtcpReporter, type RtcpReporterOptions } from './rtp/rtcp-reporter.js';
export {
  decodeRtcp,
  encodeRtcp,
  type Bye,
  type CanonicalName,
  type HeardRtcp,
  type ReceiverReport,
  type ReportBlock,
  type RtcpFault,
  type SenderReport,
  type SentRtcp,
} from './rtp/rtcp.js';
export {
  createRtpPacket,
  decodeRtpPacket,
  encodeRtpHeader,
  encodeRtpPacket,
  payloadOf,
  RTP_HEADER_BYTES,
  type RtpFault,
  type RtpHeader,
  type RtpPacket,
} from './rtp/rtp-packet.js';
export { RtpRewriter, type RelayPayloadTypes, type RtpStreamStart } from './rtp/rtp-rewriter.js';
export {
  openRtpSocket,
  RtpSocket,
  RtpSocketError,
  SEND_BYTES_MAX,
  type OnDatagram,
  type RtpSocketErrorCode,
  type RtpSocketOptions,
} from './rtp/rtp-socket.js';
export { sequenceDistance, timestampDistance } from './rtp/serial-number.js';
export {
  isRefused,
  SourceGuard,
  type GuardedRemote,
  type SourceAcceptance,
  type SourceRefusal,
  type SourceVerdict,
} from './rtp/source-guard.js';
export { TelephoneEventReceiver, type OnDigit } from './rtp/telephone-event-receiver.js';
export {
  TelephoneEventSender,
  type TelephoneEventSenderOptions,
  type TelephoneEventStream,
} from './rtp/telephone-event-sender.js';
// codec
export {
  decodePcma,
  decodePcmu,
  encodePcma,
  encodePcmu,
  PCMA_SILENCE,
  PCMU_SILENCE,
  transcodePcmaToPcmu,
  transcodePcmuToPcma,
} from './codec/g711.js';
// pipeline, jitter, mix, tone, wav
export { FRAME_MS, samplesPerFrame } from './pipeline/frame.js';
export type { FrameSink, PcmFrame, SampleRateHz } from './pipeline/frame.js';
export { tee } from './pipeline/tee.js';
export type { OnBranchLost } from './pipeline/tee.js';
export { FrameMailbox } from './pipeline/frame-mailbox.js';
export type { FrameMailboxOptions } from './pipeline/frame-mailbox.js';
export { JitterBuffer } from './jitter/jitter-buffer.js';
export type { GapCause, JitterCounts, JitterPacket, JitterPull } from './jitter/jitter-packet.js';
export { StreamFramer } from './jitter/stream-framer.js';
export type {
  DecodedPacket,
  StreamFrame,
  StreamFramerCounts,
  StreamFramerOptions,
} from './jitter/stream-framer.js';
export { Concealer } from './jitter/concealment.js';
export { gainFromDb, mixFrames } from './mix/mixer.js';
export type { MixInput } from './mix/mixer.js';
export { Limiter } from './mix/limiter.js';
export type { LimiterOptions } from './mix/limiter.js';
export { audioLevel, LevelMeter } from './mix/level-meter.js';
export type { LevelSecond } from './mix/level-meter.js';
export { goertzelPower } from './tone/goertzel.js';
export { DtmfDetector } from './tone/dtmf-detector.js';
export type { DtmfEvent } from './tone/dtmf-detector.js';
export { dtmfTone } from './tone/dtmf-generator.js';
export type { DtmfToneOptions } from './tone/dtmf-generator.js';
export { CallProgressDetector } from './tone/call-progress.js';
export type { CallProgressEvent } from './tone/call-progress.js';
export {
  attentionBeep,
  busyTone,
  CadencedTone,
  ringBackTone,
  sineTone,
} from './tone/tone-generator.js';
export type { ToneSource, ToneSpec } from './tone/tone-generator.js';
export { WavError } from './wav/wav-error.js';
export type { WavErrorCode } from './wav/wav-error.js';
export { readWav } from './wav/wav-reader.js';
export type { ReadWavOptions, WavAudio } from './wav/wav-reader.js';
export type { WavEncoding, WavFormat } from './wav/wav-format.js';
export { encodeWav, WavFileWriter, wavHeader, WAV_HEADER_BYTES } from './wav/wav-writer.js';
export type { WavWriterFormat } from './wav/wav-writer.js';
export { Resampler } from './wav/resampler.js';
export { loadPrompt } from './wav/prompt.js';
export type { Prompt } from './wav/prompt.js';
