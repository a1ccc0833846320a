export {
  controlMessage,
  detectorMessage,
  type ControlMessage,
  type DetectorMessage,
  type Heartbeat,
} from './message.js';
export { encodeAudio, encodeJson, LineReader, SAMPLES_MAX, WireReader } from './wire.js';
