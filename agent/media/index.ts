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
