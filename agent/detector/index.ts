export {
  analyseFiles,
  type AnalysedAlert,
  type AnalysedEvent,
  type AnalyseOptions,
  type AnalysisSummary,
} from './analyse.js';
export { readTelephoneAudio, type TelephoneAudio } from './telephone-audio.js';
export {
  createDetectorClient,
  type DetectedLeg,
  type DetectorClient,
  type DetectorClientEvents,
  type DetectorClientParts,
  type DetectorGap,
  type DetectorState,
  type SpawnDetector,
} from './client/index.js';
export type {
  AlertLevel,
  Category,
  DetectorEvent,
  KeywordHeard,
  Speaker,
} from './detector-event.js';
export {
  checkPhrase,
  isKana,
  isProtected,
  MORAE_MAX,
  MORAE_MIN,
  parsePhrases,
  PHRASES_MAX,
  toKatakana,
  type Phrase,
  type PhraseProblem,
} from './keyword/index.js';
export type { Heartbeat } from './pipe/index.js';
