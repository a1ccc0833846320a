export {
  KEY_WATCHERS_MAX,
  startHardwareServer,
  type HardwareServerOptions,
  type RunningHardwareServer,
} from './hardware-server.js';
