export type { Ear } from './ear.js';
export {
  loadEar,
  loadModels,
  loadVad,
  modelNames,
  type LoadedEar,
  type LoadedModels,
  type LoadedVad,
} from './load-model.js';
export type { EarManifest, VadManifest } from './manifest.js';
export {
  VAD_CONTEXT_SAMPLES,
  VAD_STEP_MS,
  VAD_STEP_SAMPLES,
  type Vad,
  type VadState,
} from './vad-model.js';
