export {
  spawnDetector,
  type ChildEvents,
  type DetectorChild,
  type SpawnDetector,
} from './child.js';
export {
  createDetectorClient,
  type DetectedLeg,
  type DetectorClient,
  type DetectorClientEvents,
  type DetectorClientParts,
  type DetectorGap,
  type DetectorState,
} from './detector-client.js';
