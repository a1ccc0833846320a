export {
  statusJson as statusSchema,
  callJson as callSchema,
  type CallJson,
  type StatusJson,
  type WatchedEventJson,
} from '../../proto/index.js';
export type { AudioRead, BoxReads, CallQuery, NewToken, TokenRole } from './box-reads.js';
export { startControl, type ControlOptions, type RunningControl } from './box-server.js';
export {
  openTokens,
  tokenRecord,
  type TokenRecord,
  type Tokens,
  type TokensOptions,
  type TokenTable,
} from './tokens.js';
