export { callConfig, type CallConfig } from './call-config.js';
export type { CallFault, CallNews, CallRecorder, StoredCall } from './call-environment.js';
export { beginRecord, callRecordSchema, type CallOutcome, type CallRecord } from './call-record.js';
export type { CallState } from './call-state.js';
export { Exchange, type CallerPolicy, type ExchangeOptions, type Origin } from './exchange.js';
export type { BoxIdentity, Phone } from './invitations.js';
export type { LiveCall } from './live-call.js';
export { PROMPTS } from './media-plan.js';
export { startBridge, type BridgeClient as Bridge } from './bridge/index.js';
export type {
  BridgeCommand,
  BridgeEvent,
  BridgeSettings,
  DetectTap,
  LegHealth,
  LegId,
  RecordTap,
  Speaker,
} from './bridge/bridge-protocol.js';
