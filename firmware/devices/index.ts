export {
  ALARM_PATTERNS,
  lookOf,
  nextChangeMs,
  type Look,
  type PatternName,
} from './alarm-pattern.js';
export { BoxFront, type BoxFrontOptions, type FrontHealth } from './box-front.js';
export { BUTTON_RULES, type KeyPress } from './button-press.js';
export { AGENT_START_MAX_MS, LEASE_MAX_MS, LEASE_MIN_MS } from './relay-lease-machine.js';
