import { UnavailableError } from '../../../base/index.js';
import type { CallJson, StatusJson, WatchedEventJson } from '../../../proto/index.js';
import type { BoxReads, CallQuery, TokenRole } from '../box-reads.js';

/** 2026-11-22T14:03:00+09:00. */
export const NOW_MS = 1_795_323_780_000;

export const STATUS: StatusJson = {
  box: {
    id: 'sakura',
    name: 'さくら商店',
    version: '0.1.0',
    startedAt: '2026-11-22T09:00:00.000+09:00',
  },
  line: { state: 'registered', reason: null, profile: 'hgw' },
  phones: [
    {
      extension: '201',
      name: 'カウンター',
      registered: true,
      contacts: ['sip:201@192.168.1.31:5060'],
      inCall: true,
    },
    { extension: '202', name: 'Office', registered: false, contacts: [], inCall: false },
  ],
  calls: [
    {
      id: 'call-3',
      direction: 'incoming',
      number: '09000001234',
      callerText: '090-0000-1234',
      phase: 'answered',
      durationMs: 754_000,
      who: '201',
    },
  ],
  storage: { state: 'ok', freeBytes: 51_300_000_000, usedBytes: 1_400_000_000 },
  recording: { state: 'recording', reason: null },
  detector: { state: 'listening', reason: null, model: 'ear-v0@0123', dropped: 0 },
  hardware: { state: 'here' },
  alerts: {
    level: 2,
    open: [
      {
        alertId: 'alert-1',
        callId: 'call-3',
        level: 2,
        type: 'verbalAbuse',
        reason: '「馬鹿野郎」',
        isAcknowledged: false,
        raisedAtMs: NOW_MS - 60_000,
      },
    ],
    faults: [],
  },
  counts: { sipRefused: 2 },
};

const LEG = { packetsReceived: 9_900, packetsLost: 100, jitterMs: 3.25 };

export const CALLS: readonly CallJson[] = [
  {
    id: 'call-2',
    direction: 'incoming',
    callerText: '090-0000-1234',
    startedAtMs: NOW_MS - 3_600_000,
    answeredAtMs: NOW_MS - 3_590_000,
    answeredBy: '201',
    endedAtMs: NOW_MS - 3_000_000,
    outcome: 'answered',
    endedBy: 'caller',
    endedHow: 'bye',
    announcement: { what: 'builtIn', completed: true },
    recording: { bytes: 9_440_000, durationMs: 590_000, gaps: [] },
    health: { caller: LEG, staff: LEG },
    alerts: [{ alertId: 'alert-0', level: 3, type: 'threat', atMs: NOW_MS - 3_100_000 }],
    number: '09000001234',
  },
  {
    id: 'call-1',
    direction: 'incoming',
    // What a hostile display name could bring.
    callerText: '非通知\u001b[2J',
    startedAtMs: NOW_MS - 7_200_000,
    answeredAtMs: null,
    answeredBy: null,
    endedAtMs: NOW_MS - 7_180_000,
    outcome: 'noAnswer',
    endedBy: 'box',
    endedHow: 'noAnswer',
    announcement: { what: 'builtIn', completed: false },
    recording: null,
    health: { caller: null, staff: null },
    alerts: [],
    number: '',
  },
];

/** A box without anything behind it. */
export class FakeBox implements BoxReads {
  status: StatusJson = STATUS;
  readonly queries: CallQuery[] = [];
  readonly deeds: string[] = [];
  readonly listeners = new Set<(event: WatchedEventJson) => void>();
  audioParts: readonly Uint8Array[] = [Buffer.from('RIFF'), new Uint8Array(200_000).fill(7)];
  audioPartsRead = 0;
  isTableFull = false;

  getStatus(): StatusJson {
    return this.status;
  }

  async *listCalls(query: CallQuery): AsyncGenerator<CallJson> {
    await Promise.resolve();
    this.queries.push(query);
    for (const call of CALLS) {
      if (call.startedAtMs < query.sinceMs) continue;
      if (!String(call['number']).includes(query.number)) continue;
      yield call;
    }
  }

  getCall(callId: string): Promise<CallJson | undefined> {
    return Promise.resolve(CALLS.find(({ id }) => id === callId));
  }

  readAudio(callId: string) {
    const call = CALLS.find(({ id }) => id === callId);
    if (call === undefined) return Promise.resolve({ found: 'noCall' } as const);
    if (call.recording === null) return Promise.resolve({ found: 'noRecording' } as const);
    return Promise.resolve({ found: 'audio', wav: this.#audio() } as const);
  }

  acknowledge(alertId: string, by: string): Promise<number> {
    this.deeds.push(`acknowledge ${alertId} ${by}`);
    return Promise.resolve(1);
  }

  panic(by: string): Promise<string> {
    this.deeds.push(`panic ${by}`);
    return Promise.resolve(`alert-${this.deeds.length}`);
  }

  createToken(role: TokenRole, days: number) {
    this.deeds.push(`token ${role} ${days}`);
    if (this.isTableFull) return Promise.reject(new UnavailableError('tokens-full', 'too many'));
    return Promise.resolve({ token: 'x'.repeat(43), expiresAtMs: NOW_MS + days * 86_400_000 });
  }

  subscribe(listener: (event: WatchedEventJson) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  emit(event: WatchedEventJson): void {
    for (const listener of this.listeners) listener(event);
  }

  async *#audio(): AsyncGenerator<Uint8Array> {
    for (const part of this.audioParts) {
      await Promise.resolve();
      this.audioPartsRead += 1;
      yield part;
    }
  }
}
