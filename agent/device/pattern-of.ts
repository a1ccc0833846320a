import { Pattern } from '../../proto/index.js';
import type { AlarmStatus } from '../alert/index.js';

/** What the lamp is to say, apart from alarms. */
export interface BoxActivity {
  readonly callsActive: number;
  readonly isUpdating: boolean;
}

export type LampStatus = Pick<AlarmStatus, 'level' | 'overdueStage' | 'faults'>;

/**
 * An alarm before a fault before all else. A warning or an emergency that nobody has acknowledged in time
 * gets the second pattern (AlarmStatus.overdueStage); a level 1 stays what it is.
 */
export function patternOf({ level, overdueStage, faults }: LampStatus, box: BoxActivity): Pattern {
  if (level >= 2 && overdueStage > 0) return Pattern.PATTERN_UNACKNOWLEDGED;
  if (level === 3) return Pattern.PATTERN_LEVEL_3;
  if (level === 2) return Pattern.PATTERN_LEVEL_2;
  if (level === 1) return Pattern.PATTERN_LEVEL_1;
  if (faults.length > 0) return Pattern.PATTERN_FAULT;
  if (box.isUpdating) return Pattern.PATTERN_UPDATING;
  return box.callsActive > 0 ? Pattern.PATTERN_ON_CALL : Pattern.PATTERN_READY;
}
