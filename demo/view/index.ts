/** What a person sees of a box at work. */
export { parseWatchEvent, type Speaker, type WatchEvent } from './events.js';
export { Screen, type ScreenOptions, type Terminal } from './screen.js';
export { renderView, type RenderOptions } from './render.js';
export { EMPTY_VIEW, formatNumber, reduce, type ViewEvent, type ViewState } from './view-state.js';
