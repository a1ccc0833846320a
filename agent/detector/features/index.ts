export { Upsampler, UPSAMPLER_LOOKAHEAD } from './upsampler.js';
export {
  EAR_RATE_HZ,
  LogMel,
  MEL_BANDS,
  MEL_FRAMES,
  MEL_HOP_SAMPLES,
  WINDOW_SAMPLES,
} from './log-mel.js';
export { SampleRing } from './sample-ring.js';
