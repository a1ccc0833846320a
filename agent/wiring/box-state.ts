/** What the box says of itself: for `tatebako status`, for MQTT's `state`, and for whoever watches. */
import { readFileSync } from 'node:fs';
import { formatIsoTime } from '../../base/index.js';
import type { StatusJson } from '../control/index.js';
import type { DeviceSink } from '../device/index.js';
import { formatCallerForDisplay } from '../line/index.js';
import type { BoxState } from '../mqtt/index.js';
import { formatSipUri } from '../sip/index.js';
import type { Agent } from './agent.js';
import type { FeedEvent } from './feed.js';
import type { StorageState } from './memory.js';

const version = ((): string => {
  const text = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8');
  return /"version":\s*"([^"]+)"/.exec(text)?.[1] ?? 'unknown';
})();

const LINE_STATES = {
  registered: 'registered',
  registering: 'registering',
  up: 'up',
  down: 'down',
  unknown: 'registering',
} as const;

/** The detector in one word of the status, with the reason when it is not well. */
export function detectorStatus(agent: Agent): Pick<StatusJson['detector'], 'state' | 'reason'> {
  const { detectorState } = agent.judgement;
  switch (detectorState.name) {
    case 'listening':
      return { state: 'listening', reason: null };
    case 'starting':
    case 'restarting':
      return { state: 'starting', reason: null };
    case 'stopped':
      return { state: 'off', reason: 'stopped' };
    case 'off':
      return agent.config.detector.enabled
        ? { state: 'down', reason: detectorState.reason }
        : { state: 'off', reason: detectorState.reason };
  }
}

export function statusOf(
  agent: Agent,
  device: DeviceSink,
  storage: StorageState,
  startedMs: number,
): StatusJson {
  const { config, telephone, judgement, alerts } = agent;
  const { id, name, timezone } = config.box;
  const { state, reason } = telephone.lineState;
  const { level, open, faults } = alerts.status;
  const { transport, userAgent } = telephone.counts;
  const calls = callsOf(agent);
  return {
    box: { id, name, version, startedAt: formatIsoTime(startedMs, timezone) },
    line: { state: LINE_STATES[state], reason, profile: config.line.profile.name },
    phones: phonesOf(agent),
    calls,
    storage: { ...storage, usedBytes: null },
    recording: recordingOf(storage, calls.length),
    detector: {
      ...detectorStatus(agent),
      model: judgement.models['encoder'] ?? null,
      dropped: judgement.packetsDropped,
    },
    hardware: { state: device.state },
    alerts: {
      level,
      open: open.map((alert) => ({
        alertId: alert.alertId,
        callId: alert.callId,
        level: alert.level,
        type: alert.type,
        reason: alert.reason,
        isAcknowledged: alert.name === 'acknowledged' || alert.name === 'cleared',
        raisedAtMs: alert.raisedAtMs,
      })),
      faults: faults.map(({ code, sinceMs }) => ({ code, sinceMs })),
    },
    counts: {
      sipReceived: transport.received,
      sipSent: transport.sent,
      sipDropped: transport.dropped,
      sipAnsweredMalformed: transport.answered,
      sipRefused: userAgent.refused,
      sipStray: userAgent.stray,
      alertStray: alerts.strayCount,
    },
  };
}

function recordingOf(storage: StorageState, calls: number): StatusJson['recording'] {
  if (storage.state !== 'ok') return { state: 'stopped', reason: `disk ${storage.state}` };
  return { state: calls > 0 ? 'recording' : 'ready', reason: null };
}

function phonesOf(agent: Agent): StatusJson['phones'] {
  const { config, telephone } = agent;
  const talking = new Set<string>();
  for (const { state } of telephone.exchange.calls) {
    if (state.phase === 'ended') continue;
    for (const leg of [state.a, state.b]) if (leg !== null) talking.add(leg.who);
  }
  return config.phones.map(({ extension, name }) => {
    const contacts = telephone.registrar.contactsOf(extension);
    return {
      extension,
      name,
      registered: contacts.length > 0,
      contacts: contacts.map(({ contact }) => formatSipUri(contact)),
      inCall: talking.has(extension),
    };
  });
}

function callsOf(agent: Agent): StatusJson['calls'] {
  const calls: StatusJson['calls'] = [];
  for (const { state } of agent.telephone.exchange.calls) {
    if (state.phase === 'ended') continue;
    const { record } = state;
    calls.push({
      id: record.id,
      direction: record.direction,
      number: record.caller.kind === 'number' ? record.caller.number : null,
      callerText: formatCallerForDisplay(record.caller, agent.config.box.language),
      phase: state.phase,
      durationMs: Math.max(0, agent.nowMs() - record.startedAtMs),
      who: record.answeredBy,
    });
  }
  return calls;
}

/** The same for MQTT: counts and words, no names and no numbers. */
export function mqttStateOf(status: StatusJson): BoxState {
  return {
    line: status.line.state,
    phones: status.phones.filter((phone) => phone.registered).length,
    callsActive: status.calls.length,
    storage: status.storage.state,
    detector: status.detector.state,
    recording: status.recording.state,
  };
}

/** The same for the feed. */
export function statusEvent(status: StatusJson): FeedEvent {
  const { line, phones, detector } = status;
  return {
    kind: 'status',
    line: line.state === 'up' ? 'ready' : line.state,
    phones: phones.filter((phone) => phone.registered).length,
    detector: detector.state === 'down' ? 'failed' : detector.state,
    detectorReason: detector.reason,
  };
}
