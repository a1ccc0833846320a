export {
  decide,
  NEW_CALL,
  nextClockAtMs,
  panicDecision,
  testDecision,
  type CallPolicyState,
  type Verdict,
} from './decide.js';
export type {
  AbuseType,
  AlertSource,
  AlertType,
  Decision,
  PanicBy,
  PhraseCategory,
  PolicyEvent,
} from './decision.js';
export { DEFAULT_POLICY, policyConfig, type AlertLevel, type Policy } from './policy.js';
