export { HOP_FRAMES, LegListener, type LegCounts, type LegListenerParts } from './leg-listener.js';
