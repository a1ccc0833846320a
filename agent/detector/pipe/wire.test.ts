import test from 'ava';
import { encodeAudio, encodeJson, LineReader, WireReader, type WirePacket } from './wire.js';

test('packets survive a pipe that cuts them anywhere', (t) => {
  const samples = Int16Array.from([0, 1, -1, 32_767, -32_768]);
  const bytes = Buffer.concat([
    encodeJson({ do: 'openLeg', 名: '盾' }),
    encodeAudio(65_535, 2 ** 40, samples),
    encodeAudio(0, 0, new Int16Array(0)),
  ]);
  for (const cut of [1, 2, 3, 5, 7, 64, bytes.length]) {
    const reader = new WireReader();
    const packets: WirePacket[] = [];
    for (let at = 0; at < bytes.length; at += cut) {
      packets.push(...reader.push(bytes.subarray(at, at + cut)));
    }
    t.deepEqual(packets, [
      { kind: 'json', text: '{"do":"openLeg","名":"盾"}' },
      { kind: 'audio', leg: 65_535, startTick: 2 ** 40, samples },
      { kind: 'audio', leg: 0, startTick: 0, samples: new Int16Array(0) },
    ]);
  }
});

test('a stream that nobody of ours wrote is a bug, told at once', (t) => {
  t.throws(() => new WireReader().push(Buffer.from([255, 255, 255, 255, 0])));
  t.throws(() => new WireReader().push(Buffer.from([0, 0, 0, 0])));
  t.throws(() => new WireReader().push(Buffer.from([1, 0, 0, 0, 9])));
});

test('a line without end is forgotten at its limit', (t) => {
  const lines = new LineReader(10);
  t.deepEqual(lines.push('{"a"'), []);
  t.deepEqual(lines.push(':1}\n{'), ['{"a":1}']);
  lines.push('x'.repeat(20));
  t.deepEqual(lines.push('ok\n'), ['ok']);
});
