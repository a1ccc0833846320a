export { FakeHardware, type FakeState } from './fake-hardware.js';
export { drawPanel, openTerminalPanel, type Terminal } from './terminal-panel.js';
