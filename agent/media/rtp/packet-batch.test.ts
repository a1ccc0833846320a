import test from 'ava';

import { PacketBatchWriter, readPacketBatch } from './packet-batch.js';
import { packetOf } from './testing/packets.js';
import { SeededBytes } from './testing/seeded-bytes.js';

test('packets come out as they went in, at the edges of every field', (t) => {
  const writer = new PacketBatchWriter();
  const sketches = [0, 1, 32_767, 65_535].map((sequenceNumber) => ({
    sequenceNumber,
    rtpTimestamp: 2 ** 32 - 1 - sequenceNumber,
    ssrc: 2 ** 32 - 1,
    payloadType: 101,
    marker: sequenceNumber === 1,
    payload: new Uint8Array(sequenceNumber % 161).fill(7),
  }));
  sketches.forEach((sketch, i) => {
    t.true(writer.append(packetOf(sketch), 1_790_812_800_000.125 + i));
  });
  t.is(writer.packetCount, 4);
  const packets = [...readPacketBatch(writer.take())];
  t.is(packets.length, 4);
  packets.forEach((packet, i) => {
    t.deepEqual(packet, { ...sketches[i]!, arrivalMs: 1_790_812_800_000.125 + i });
  });
});

test('a batch that was taken is its own, and the next one begins empty', (t) => {
  const writer = new PacketBatchWriter();
  writer.append(packetOf({ sequenceNumber: 1 }), 0);
  const first = writer.take();
  t.is(first.buffer.byteLength, first.byteLength, 'the whole buffer can be transferred');
  t.is([...readPacketBatch(writer.take())].length, 0);
  writer.append(packetOf({ sequenceNumber: 2 }), 0);
  t.deepEqual(
    [...readPacketBatch(first)].map((packet) => packet.sequenceNumber),
    [1],
  );
});

test('a batch that nobody takes stops growing, and counts what it drops', (t) => {
  const writer = new PacketBatchWriter(100_000);
  let kept = 0;
  for (let i = 0; i < 1_000; i++) if (writer.append(packetOf({ sequenceNumber: i }), i)) kept++;
  t.is(kept, Math.floor((100_000 - 4) / 181));
  t.is(writer.droppedCount, 1_000 - kept);
  t.true(writer.sizeBytes <= 100_000);
  t.is([...readPacketBatch(writer.take())].length, kept);
  t.true(writer.append(packetOf({}), 0));
});

test('a batch cut off anywhere inside a packet is refused', (t) => {
  const writer = new PacketBatchWriter();
  writer.append(packetOf({}), 0);
  writer.append(packetOf({}), 20);
  const batch = writer.take();
  for (let length = 0; length < batch.length; length++) {
    const isWhole = length === 4 || length === 4 + 181;
    const read = (): number => [...readPacketBatch(batch.subarray(0, length))].length;
    if (isWhole) t.notThrows(read);
    else t.throws(read, { instanceOf: RangeError });
  }
});

test('bytes that are no batch throw a RangeError or read within their bounds', (t) => {
  const random = new SeededBytes(5);
  const writer = new PacketBatchWriter();
  for (let i = 0; i < 5; i++) writer.append(packetOf({ sequenceNumber: i }), i);
  const batch = writer.take();
  for (let i = 0; i < 2_000; i++) {
    const bytes = batch.slice();
    for (let k = 0; k < 3; k++) bytes[random.below(bytes.length)] = random.below(256);
    try {
      for (const packet of readPacketBatch(bytes)) t.true(packet.payload.length <= bytes.length);
    } catch (cause) {
      t.true(cause instanceof RangeError);
    }
  }
});
