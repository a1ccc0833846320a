export { calledNumberOf } from './called-number.js';
export { normaliseNumber } from './digits.js';
export { formatCallerForDisplay, groupNumber, maskNumber, type Language } from './format-caller.js';
export {
  identifyCaller,
  type Caller,
  type CallerRules,
  type NumberlessReason,
} from './identify-caller.js';
export { isFromLine } from './identify-line.js';
export { lineConfig, resolveLine, type Line, type LineConfig } from './line-config.js';
export { normaliseDialled, type Dialled } from './normalise-dialled.js';
export {
  PROFILES,
  type CalledNumberPlace,
  type LineProfile,
  type ProfileName,
} from './profiles.js';
