import { loadavg } from 'node:os';
import type { BoxHealth } from '../mqtt/index.js';
import type { Agent } from './agent.js';

/** The figures of MQTT's `health`, each minute; the unit is in the name. */
export function healthOf(agent: Agent): BoxHealth {
  const { judgement } = agent;
  let callsActive = 0;
  for (const { state } of agent.calls) if (state.phase !== 'ended') callsActive += 1;
  return {
    load1: loadavg()[0] ?? null,
    memoryRssBytes: process.memoryUsage.rss(),
    uptimeS: Math.round(process.uptime()),
    callsActive,
    detector: judgement.detectorState.name,
    detectorPacketsDropped: judgement.packetsDropped,
  };
}
