import test from 'ava';
import { CompoundPacket, SdesPacket, SenderReportPacket } from 'rtp.js/packets';

import { decodeRtcp, encodeRtcp, type ReportBlock, type SentRtcp } from './rtcp.js';
import { SeededBytes } from './testing/seeded-bytes.js';

const BLOCK: ReportBlock = {
  ssrc: 0xffff_ffff,
  fractionLost: 255,
  cumulativeLost: 0x7f_ffff,
  extendedHighestSequence: 0xffff_ffff,
  jitter: 0xffff_ffff,
  lastSr: 0x8000_0000,
  delaySinceLastSr: 65_536,
};
const SENDER: SentRtcp = {
  kind: 'senderReport',
  ssrc: 0xaaaa_aaaa,
  ntpSeconds: 2 ** 32 - 1,
  ntpFraction: 1,
  rtpTimestamp: 2 ** 31,
  packetCount: 50,
  octetCount: 8_000,
  reports: [BLOCK],
};
const NAME: SentRtcp = { kind: 'canonicalName', ssrc: 0xaaaa_aaaa, name: 'leg@tatebako.invalid' };
const BYE: SentRtcp = { kind: 'bye', ssrcs: [0xaaaa_aaaa, 1] };

test('reports decode to what was encoded; the name is skipped (RFC 3550 §6.4)', (t) => {
  const negative = { ...BLOCK, cumulativeLost: -0x80_0000, fractionLost: 0 };
  const receiver: SentRtcp = { kind: 'receiverReport', ssrc: 7, reports: [negative, BLOCK] };
  t.deepEqual(decodeRtcp(encodeRtcp([SENDER, NAME, BYE])), [SENDER, BYE]);
  t.deepEqual(decodeRtcp(encodeRtcp([receiver])), [receiver]);
});

test('another RTP stack reads our compound packet as we meant it', (t) => {
  // rtp.js 0.15.5 reads 12 of the 24 bits of the total: hence a small one here, and our own reader.
  const small = { ...SENDER, reports: [{ ...BLOCK, cumulativeLost: 4_000 }] };
  const bytes = encodeRtcp([small, NAME, BYE]);
  const packets = new CompoundPacket(new DataView(bytes.buffer)).getPackets();
  const [sender, name] = packets;
  t.is(packets.length, 3);
  if (!(sender instanceof SenderReportPacket) || !(name instanceof SdesPacket)) {
    t.fail('first the report, then the name');
    return;
  }
  t.is(sender.getSsrc(), 0xaaaa_aaaa);
  t.is(sender.getNtpSeconds(), 2 ** 32 - 1);
  const report = sender.getReports()[0];
  t.is(report?.getTotalLost(), 4_000);
  t.is(report?.getFractionLost(), 255);
  t.is(report?.getHighestSeqNumber(), 0xffff_ffff);
  const items = name.getChunks()[0]?.getItems();
  t.deepEqual(items, [{ type: 1, text: 'leg@tatebako.invalid' }]);
});

test('a name of any length ends in zeros on a word (RFC 3550 §6.5)', (t) => {
  for (let length = 0; length < 300; length++) {
    const bytes = encodeRtcp([{ ...NAME, name: 'x'.repeat(length) }, BYE]);
    t.is(bytes.length % 4, 0);
    t.deepEqual(decodeRtcp(bytes), [BYE], `length ${length}`);
  }
});

test('what is no RTCP is refused by the name of its fault (RFC 3550 §A.2)', (t) => {
  const report = encodeRtcp([{ kind: 'receiverReport', ssrc: 1, reports: [] }]);
  const changed = (at: number, value: number): Uint8Array => {
    const bytes = report.slice();
    bytes[at] = value;
    return bytes;
  };
  t.is(decodeRtcp(new Uint8Array(0)), 'tooShort');
  t.is(decodeRtcp(report.subarray(0, 3)), 'tooShort');
  t.is(decodeRtcp(changed(0, 0x40)), 'version');
  t.is(decodeRtcp(changed(1, 0)), 'packetType');
  t.is(decodeRtcp(changed(3, 2)), 'length', 'longer than the datagram');
  t.is(decodeRtcp(report.subarray(0, 6)), 'length');
  t.is(decodeRtcp(changed(0, 0x81)), 'content', 'a report that is not there');
  t.is(decodeRtcp(changed(0, 0xa0)), 'padding');
});

test('one byte more or less is refused, at every length', (t) => {
  const bytes = encodeRtcp([SENDER, NAME, BYE]);
  const whole = new Set([28 + 24, bytes.length - 12]);
  for (let length = 0; length < bytes.length; length++) {
    t.is(typeof decodeRtcp(bytes.subarray(0, length)) === 'string', !whole.has(length));
  }
});

test('a datagram of 64 KB of empty packets is given up early', (t) => {
  const bytes = new Uint8Array(65_504);
  for (let at = 0; at < bytes.length; at += 4) bytes.set([0x80, 203, 0, 0], at);
  t.is(decodeRtcp(bytes), 'length');
});

test('no datagram throws', (t) => {
  const random = new SeededBytes(11);
  const good = encodeRtcp([SENDER, NAME, BYE]);
  for (let i = 0; i < 20_000; i++) {
    const bytes = i % 2 === 0 ? random.bytes(random.below(64)) : good.slice(0, random.below(120));
    for (let k = 0; k < 3 && bytes.length > 0; k++) {
      bytes[random.below(bytes.length)] = random.below(256);
    }
    if (bytes.length > 1 && i % 4 === 0)
      bytes.set([0x80 | random.below(64), 200 + random.below(8)]);
    decodeRtcp(bytes);
  }
  t.pass();
});
