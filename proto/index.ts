export {
  HardwareClient,
  HardwareService,
  Key,
  Pattern,
  type HardwareServer,
  type KeyEvent,
  type GetHealthResponse,
} from './gen/tatebako/hardware/v1/hardware.js';
export {
  BoxClient,
  BoxService,
  Role,
  type BoxServer,
  type ListCallsRequest,
} from './gen/tatebako/box/v1/box.js';
