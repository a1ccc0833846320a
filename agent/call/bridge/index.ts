export { startBridge, type BridgeClient, type BridgeClientOptions } from './bridge-client.js';
export type { TapPorts } from './bridge-channel.js';
export type {
  BridgeCommand,
  BridgeEvent,
  BridgeSettings,
  DetectTap,
  HeardTone,
  LegHealth,
  LegId,
  LegRemote,
  LegSource,
  PromptId,
  RecordTap,
  Speaker,
} from './bridge-protocol.js';
export { ATTENTION_PROMPT } from './prompt-shelf.js';
