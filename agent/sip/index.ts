/** The SIP core: message <- transport <- transaction <- dialog <- user agent; digest, registrar, registration, SDP. */
export {
  hasToken,
  headerOf,
  headersOf,
  paramOf,
  tagOf,
  tokensOf,
  withParam,
  type CSeq,
  type HeaderField,
  type NameAddr,
  type Param,
  type SipMessage,
  type SipRequest,
  type SipResponse,
  type SipUri,
  type Via,
} from './message/sip-message.js';
export { responseTo, type ResponseOptions } from './message/compose.js';
export { formatNameAddr, parseNameAddr, parseNameAddrList } from './message/name-addr.js';
export { formatSipUri, isSipUriEqual, parseSipUri } from './message/sip-uri.js';
export {
  isSameEndpoint,
  type Endpoint,
  type Transport,
  type TransportCounts,
} from './transport/transport.js';
export { lateEvents } from './transport/late-events.js';
export { openTransport, type TransportOptions } from './transport/open-transport.js';
export {
  createTransactionLayer,
  type TransactionLayerOptions,
  type WiredTransactionLayer,
} from './transaction/create-transaction-layer.js';
export type { TransactionLayer, TransactionUser } from './transaction/transaction-layer.js';
export type {
  Credentials,
  DialogId,
  DialogSnapshot,
  InviteSession,
  OutgoingInvite,
  Reason,
  Replaces,
  Screening,
  SessionEnd,
  SessionEvent,
} from './dialog/index.js';
export {
  createUserAgent,
  type IncomingSession,
  type UserAgent,
  type UserAgentCounts,
} from './user-agent/index.js';
export { createDigestAuthoriser, createDigestClient, type DigestClient } from './digest/index.js';
export {
  createRegistrar,
  type Binding,
  type PhoneAccount,
  type Registrar,
  type StoredBinding,
} from './registrar/index.js';
export {
  createOptionsKeepalive,
  createRegistration,
  type Keepalive,
  type Registration,
  type RegistrationStatus,
} from './registration/index.js';
export {
  createAnswer,
  createOffer,
  isHold,
  negotiateAnswer,
  parseMediaDescription,
  type AgreedMedia,
  type Codec,
  type MediaDescription,
  type SdpRefusal,
} from './offer-answer/index.js';
