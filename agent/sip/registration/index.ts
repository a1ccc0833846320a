export {
  createOptionsKeepalive,
  type Keepalive,
  type KeepaliveOptions,
} from './options-keepalive.js';
export {
  createRegistration,
  type Registration,
  type RegistrationOptions,
  type RegistrationStatus,
} from './registration.js';
export type { RegistrationFailure } from './registration-machine.js';
