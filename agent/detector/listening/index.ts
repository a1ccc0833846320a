export { FULL, OBSERVATION_MS, stepEffort, type Effort } from './effort-machine.js';
export { HOP_FRAMES, LegListener, type LegCounts, type LegListenerParts } from './leg-listener.js';
export { LEGS_MAX, ListeningRoom, type RoomParts, type RoomReport } from './listening-room.js';
