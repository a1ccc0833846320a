/** Dialogs and INVITE sessions (RFC 3261 §12–15, RFC 3262, 3311, 3515, 3891, 4028). */
export { literalNextHop, uasDialog } from './dialog.js';
export { GIVE_UP_MS } from './dialog-timers.js';
export { DialogClient } from './dialog-client.js';
export type { DigestClient } from './digest-client.js';
export { Session, type SessionSeed } from './invite-session.js';
export { isBodyStrange, refuseBody } from './in-dialog-server.js';
export { parseReplaces } from './replaces.js';
export { respondTo, sdpOf } from './response.js';
export {
  ACCEPT,
  ALLOW,
  SUPPORTED,
  SUPPORTED_TAGS,
  type SessionContext,
  type SessionCount,
  type SessionSettings,
} from './session-context.js';
export { answerSessionTimer, MIN_SE_S } from './session-timer-machine.js';
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
} from './session.js';
export { UacOpening } from './uac-opening.js';
export { UasOpening } from './uas-opening.js';
