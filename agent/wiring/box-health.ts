import { loadavg } from 'node:os';
import type { BoxHealth } from '../mqtt/index.js';
import type { LiveCall } from '../call/index.js';
import type { Judgement } from './judgement.js';

/** What the figures are read from. */
export interface HealthSources {
  readonly judgement: Judgement;
  readonly calls: Iterable<LiveCall>;
}

/** The figures of MQTT's `health`, each minute; the unit is in the name. */
export function healthOf({ judgement, calls }: HealthSources): BoxHealth {
  let callsActive = 0;
  for (const { state } of calls) if (state.phase !== 'ended') callsActive += 1;
  return {
    load1: loadavg()[0] ?? null,
    memoryRssBytes: process.memoryUsage.rss(),
    uptimeS: Math.round(process.uptime()),
    callsActive,
    detector: judgement.detectorState.name,
    detectorPacketsDropped: judgement.packetsDropped,
  };
}
