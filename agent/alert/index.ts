export { alertRecord, boxEvent } from './alert.js';
export type {
  Acknowledgement,
  AlarmStatus,
  AlertEvent,
  AlertHit,
  AlertSink,
  AlertState,
  BoxEvent,
  CallEvent,
  CallNotice,
  Fault,
} from './alert.js';
export type { AlertTable, TableOperation } from './alert-log.js';
export {
  AlertService,
  type AcknowledgeRequest,
  type AlertServiceOptions,
} from './alert-service.js';
export type { Subscription } from './sinks.js';
export { randomUuid } from './uuid.js';
