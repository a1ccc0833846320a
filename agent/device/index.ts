export {
  createDeviceSink,
  LEASE_MS,
  type DeviceKeyPress,
  type DeviceSink,
  type DeviceSinkOptions,
  type DeviceState,
} from './device-sink.js';
export { patternOf, type BoxActivity, type LampStatus } from './pattern-of.js';
