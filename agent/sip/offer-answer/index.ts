export type { Codec, Direction, MediaDescription } from './media-description.js';
export { parseMediaDescription } from './parse-media-description.js';
export {
  createAnswer,
  createOffer,
  isHold,
  negotiateAnswer,
  type AgreedMedia,
  type AgreementOutcome,
  type AnswerOptions,
  type AnswerOutcome,
  type LocalMedia,
  type OfferOptions,
  type SdpRefusal,
} from './offer-answer.js';
export { SDP_SIZE_MAX_BYTES, type SdpProblem } from './read-sdp.js';
