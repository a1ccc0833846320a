export {
  RELAY_HOLD_MS,
  type Button,
  type Buzzer,
  type Hardware,
  type KeyName,
  type LampColour,
  type Led,
  type Relay,
} from './hardware.js';
export {
  drawPanel,
  FakeHardware,
  openTerminalPanel,
  type FakeState,
  type Terminal,
} from './fake/index.js';
