import test from 'ava';

import { createRtpPacket, decodeRtpPacket, encodeRtpPacket, payloadOf } from './rtp-packet.js';
import { SeededBytes } from './testing/seeded-bytes.js';

const decoded = (bytes: readonly number[]): string =>
  decodeRtpPacket(Uint8Array.from(bytes), createRtpPacket());
const header = (first: number, second = 0): number[] => [
  first,
  second,
  0,
  1,
  0,
  0,
  0,
  2,
  0,
  0,
  0,
  3,
];

test('a packet that is no RTP is refused by the name of its fault (RFC 3550 §5.1)', (t) => {
  t.is(decoded([]), 'tooShort');
  t.is(decoded([0x80]), 'tooShort');
  t.is(decoded(header(0x80).slice(0, 11)), 'tooShort');
  t.is(decoded(header(0x40)), 'version');
  t.is(decoded(header(0x80, 200)), 'rtcp');
  t.is(decoded(header(0x81)), 'tooShort', 'a CSRC that is not there');
  t.is(decoded(header(0x90)), 'extension');
  t.is(decoded([...header(0x90), 0, 0, 0xff, 0xff]), 'extension');
  t.is(decoded([...header(0xa0)]), 'padding', 'no byte left to be padding');
  t.is(decoded([...header(0xa0), 1, 0]), 'padding', 'a padding of 0 bytes');
  t.is(decoded([...header(0xa0), 1, 3]), 'padding', 'more padding than payload');
});

test('CSRCs, header extension and padding are no payload (RFC 3550 §5.1, §5.3.1)', (t) => {
  const bytes = [...header(0xb2, 0x80), ...[9, 9, 9, 9, 8, 8, 8, 8], 0xbe, 0xde, 0, 1, 7, 7, 7, 7];
  const packet = createRtpPacket();
  t.is(decodeRtpPacket(Uint8Array.from([...bytes, 41, 42, 0, 2]), packet), 'ok');
  t.deepEqual([...payloadOf(packet)], [41, 42]);
  t.true(packet.marker);
  t.is(packet.payloadType, 0);
  t.is(packet.ssrc, 3);
});

test('a packet may be all padding, or have no payload at all', (t) => {
  const packet = createRtpPacket();
  t.is(decodeRtpPacket(Uint8Array.from([...header(0xa0), 0, 0, 0, 4]), packet), 'ok');
  t.is(packet.payloadEnd - packet.payloadStart, 0);
  t.is(decodeRtpPacket(Uint8Array.from(header(0x80)), packet), 'ok');
  t.is(packet.payloadEnd - packet.payloadStart, 0);
});

test('what is encoded decodes to itself at the edges of every field', (t) => {
  const packet = createRtpPacket();
  const out = new Uint8Array(14);
  for (const sequenceNumber of [0, 1, 32_767, 32_768, 65_535]) {
    for (const rtpTimestamp of [0, 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1]) {
      const sent = {
        marker: sequenceNumber === 0,
        payloadType: 127,
        sequenceNumber,
        rtpTimestamp,
        ssrc: 2 ** 32 - 1,
      };
      // 127 with the marker is 255, beyond what RTCP takes.
      t.is(encodeRtpPacket(sent, Uint8Array.of(5, 6), out), 14);
      t.is(decodeRtpPacket(out, packet), 'ok');
      t.like(packet, sent);
      t.deepEqual([...payloadOf(packet)], [5, 6]);
    }
  }
});

test('no datagram throws, and no payload lies outside its datagram', (t) => {
  const random = new SeededBytes(1);
  const packet = createRtpPacket();
  let good = 0;
  for (let i = 0; i < 20_000; i++) {
    const bytes = random.bytes(random.below(80));
    if (bytes.length > 0) bytes[0] = 0x80 | (bytes[0]! & 0x3f);
    if (decodeRtpPacket(bytes, packet) !== 'ok') continue;
    good++;
    if (packet.payloadStart < 12 || packet.payloadEnd < packet.payloadStart) t.fail();
    if (packet.payloadEnd > bytes.length) t.fail();
  }
  t.true(good > 1_000);
});

test('a packet too large for its buffer is a bug of ours', (t) => {
  const sent = { marker: false, payloadType: 0, sequenceNumber: 0, rtpTimestamp: 0, ssrc: 0 };
  t.throws(() => encodeRtpPacket(sent, new Uint8Array(160), new Uint8Array(171)));
});
