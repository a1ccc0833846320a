/**
 * The box's media worker alone, in a process of its own: `node bridge-relay.js PORT… [--taps]`, one port of the load
 * generator a leg, two legs a call. Prints a line of JSON with the legs' ports when all is bridged; ends with its input.
 */
import { MessageChannel } from 'node:worker_threads';
import { silentLog, systemClock } from '../../base/index.js';
import { deferred } from '../measure/deferred.js';
import { startBridge, type BridgeEvent, type LegId } from '../../agent/call/bridge/index.js';

const HOST = '127.0.0.1';
const FIRST_PORT = 20_000;
const LAST_PORT = 20_999;
const LEGS_MAX = 512;

const withTaps = process.argv.includes('--taps');
const peerPorts = process.argv.slice(2).map(Number).filter(Number.isInteger);
const legIds = peerPorts.map((_, i): LegId => `call-${i >> 1}:${i % 2 === 0 ? 'a' : 'b'}`);
const opened = new Map<LegId, number>();

const record = new MessageChannel();
const detect = new MessageChannel();
const allOpen = deferred();
const bridge = startBridge(
  {
    bindAddress: HOST,
    advertisedAddress: HOST,
    firstPort: FIRST_PORT,
    lastPort: LAST_PORT,
    legsMax: LEGS_MAX,
    detectBatchMs: 100,
  },
  {
    log: silentLog,
    clock: systemClock,
    onEvent: (event: BridgeEvent) => {
      if (event.name === 'legFailed') allOpen.reject(new Error(event.reason));
      if (event.name !== 'legOpened') return;
      opened.set(event.legId, event.rtpPort);
      if (opened.size === legIds.length) allOpen.resolve();
    },
    onLost: allOpen.reject,
    recordPort: record.port1,
    detectPort: detect.port1,
  },
);
// Taken in and dropped: what the taps cost the media thread and the way here are measured, not who listens.
for (const { port2 } of [record, detect]) port2.on('message', () => undefined);

await bridge.ready;
for (const [i, legId] of legIds.entries()) {
  const speaker = i % 2 === 0 ? 'caller' : 'staff';
  bridge.send({ do: 'openLeg', legId, callId: `call-${i >> 1}`, speaker, port: null });
}
await allOpen.promise;
for (const [i, legId] of legIds.entries()) {
  const rtpPort = peerPorts[i] ?? 0;
  bridge.send({
    do: 'setRemote',
    legId,
    remote: {
      address: HOST,
      rtpPort,
      rtcpPort: rtpPort + 1,
      codec: 'PCMU',
      payloadType: 0,
      telephoneEventPayloadType: 101,
      ptimeMs: 20,
      direction: 'sendrecv',
    },
  });
  const from = legIds[i ^ 1] ?? '';
  bridge.send({ do: 'setSource', legId, source: { kind: 'relay', from } });
  if (!withTaps) continue;
  // As in a call of the box: the caller's leg heard for fax and busy tone, the staff's for digits.
  bridge.send({ do: 'tap', legId, record: true, detect: i % 2 === 0 });
  const tones = i % 2 === 0 ? (['faxCalling', 'busy'] as const) : (['dtmf'] as const);
  bridge.send({ do: 'listenForTones', legId, tones });
}
process.stdout.write(`${JSON.stringify(legIds.map((legId) => opened.get(legId)))}\n`);
process.stdin.resume();
process.stdin.once('end', () => {
  void bridge.close().then(() => process.exit(0));
});
