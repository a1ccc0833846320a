/**
 * How long the bridge keeps a packet: `node dist/agent/call/bridge/testing/relay-delay.js [calls] [seconds]`.
 * Both telephones run in this one thread, so that what is printed is the bridge, twice the loopback and this loop.
 */
import { PacedSender } from 'node-mediastream';
import { silentLog, systemClock } from '../../../../base/index.js';
import { startBridge } from '../bridge-client.js';
import { EventLog } from './event-log.js';
import { RealPhone } from './real-phone.js';

const FIRST_PORT = 40_000;
const calls = Number(process.argv[2] ?? 8);
const seconds = Number(process.argv[3] ?? 10);

const log = new EventLog();
const bridge = startBridge(
  {
    bindAddress: '127.0.0.1',
    advertisedAddress: '127.0.0.1',
    firstPort: FIRST_PORT,
    lastPort: FIRST_PORT + 4 * calls + 1,
    legsMax: 2 * calls,
    detectBatchMs: 100,
  },
  {
    clock: systemClock,
    log: silentLog,
    onEvent: log.push,
    onLost: (cause) => {
      throw cause;
    },
  },
);
const phones: RealPhone[] = [];
for (let n = 0; n < 2 * calls; n++) {
  const phone = await RealPhone.open(n + 1, FIRST_PORT + 10_000 + 4 * n);
  const legId = `${n >> 1}:${n & 1}`;
  bridge.send({ do: 'openLeg', legId, callId: `${n >> 1}`, speaker: 'caller', port: null });
  phone.toPort = (await log.first('legOpened', (event) => event.legId === legId)).rtpPort;
  bridge.send({ do: 'setRemote', legId, remote: phone.remote });
  bridge.send({ do: 'tap', legId, record: true, detect: true });
  bridge.send({
    do: 'setSource',
    legId,
    source: { kind: 'relay', from: `${n >> 1}:${1 - (n & 1)}` },
  });
  phones.push(phone);
}

const payload = new Uint8Array(160);
const stamp = new DataView(payload.buffer);
let sentCount = 0;
const pacer = new PacedSender({
  clock: systemClock,
  ptimeMs: 1,
  onFrame(slot) {
    for (let n = slot % 20; n < phones.length; n += 20) {
      stamp.setFloat64(0, systemClock.monotonicMs());
      phones[n]?.say(payload);
      sentCount++;
    }
  },
});
pacer.start();
await new Promise<void>((resolve) => void systemClock.after(seconds * 1_000, resolve));
pacer.stop();
await new Promise<void>((resolve) => void systemClock.after(500, resolve));

const delays = phones
  .flatMap(({ received }) => received)
  .map(
    ({ payload: heard, atMs }) => atMs - new DataView(heard.buffer, heard.byteOffset).getFloat64(0),
  )
  .sort((a, b) => a - b);
const at = (share: number): string =>
  (delays[Math.min(delays.length - 1, Math.floor(share * delays.length))] ?? 0).toFixed(2);
process.stdout.write(
  `${calls} calls, ${seconds} s: ${sentCount} sent, ${sentCount - delays.length} lost; ` +
    `one way p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, max ${at(1)} ms\n`,
);
await bridge.close();
await Promise.all(phones.map((phone) => phone.close()));
