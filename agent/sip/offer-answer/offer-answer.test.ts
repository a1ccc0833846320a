import fc from 'fast-check';
import test from 'ava';
import { mirror, narrow } from './direction.js';
import type { Direction } from './media-description.js';
import {
  createAnswer,
  createOffer,
  isHold,
  negotiateAnswer,
  type AnswerOptions,
  type AnswerOutcome,
} from './offer-answer.js';
import { parseMediaDescription } from './parse-media-description.js';
import { readSdp } from './read-sdp.js';

const sdpOf = (...lines: readonly string[]): string =>
  ['v=0', 'o=- 1 1 IN IP4 192.168.1.1', 's=-', ...lines, ''].join('\r\n');

/** As the home gateway of TELEPHONY writes it. */
const HGW_OFFER = sdpOf(
  'c=IN IP4 192.168.1.1',
  't=0 0',
  'm=audio 22000 RTP/AVP 0 101',
  'a=rtpmap:0 PCMU/8000/1',
  'a=rtpmap:101 telephone-event/8000',
  'a=fmtp:101 0-15',
  'a=ptime:20',
);

const OURS: AnswerOptions = {
  address: '192.168.1.20',
  port: 16_384,
  sessionId: 77,
  previous: null,
};

const answered = (outcome: AnswerOutcome): Extract<AnswerOutcome, { readonly kind: 'answer' }> => {
  if (outcome.kind !== 'answer') throw new TypeError(outcome.problem);
  return outcome;
};

const audioWith = (...lines: readonly string[]): string =>
  sdpOf('c=IN IP4 192.168.1.1', 't=0 0', 'm=audio 22000 RTP/AVP 0', ...lines);

test('the home gateway’s offer is answered line by line as RFC 3264 §6 wants it', (t) => {
  const { sdp, agreed } = answered(createAnswer(HGW_OFFER, OURS));
  t.is(
    sdp,
    [
      'v=0',
      'o=- 77 1 IN IP4 192.168.1.20',
      's=-',
      'c=IN IP4 192.168.1.20',
      't=0 0',
      'm=audio 16384 RTP/AVP 0 101',
      'a=rtpmap:0 PCMU/8000',
      'a=rtpmap:101 telephone-event/8000',
      'a=fmtp:101 0-15',
      'a=ptime:20',
      'a=sendrecv',
      '',
    ].join('\r\n'),
  );
  t.deepEqual(agreed, {
    codec: 'PCMU',
    payloadType: 0,
    telephoneEventPayloadType: 101,
    ptimeMs: 20,
    direction: 'sendrecv',
    remoteAddress: '192.168.1.1',
    remoteRtpPort: 22_000,
    remoteRtcpPort: 22_001,
  });
});

test('telephone-event is answered only where it was offered and the profile wants it (RFC 4733 §2.5.1.1)', (t) => {
  const plain = answered(createAnswer(audioWith(), OURS));
  t.false(plain.sdp.includes('telephone-event'));
  const inBand = answered(createAnswer(HGW_OFFER, { ...OURS, telephoneEvent: false }));
  t.false(inBand.sdp.includes('101'));
  t.is(inBand.agreed.telephoneEventPayloadType, null);
});

test('each of the three spellings of hold is answered by listening or silence, never by sending (RFC 3264 §8.4)', (t) => {
  const cases: readonly (readonly [string, Direction, Direction])[] = [
    [audioWith('a=sendonly'), 'recvonly', 'recvonly'],
    [audioWith('a=inactive'), 'inactive', 'inactive'],
    [audioWith('a=recvonly'), 'sendonly', 'sendonly'],
    [audioWith().replace('c=IN IP4 192.168.1.1', 'c=IN IP4 0.0.0.0'), 'recvonly', 'recvonly'],
    [
      audioWith('a=inactive').replace('c=IN IP4 192.168.1.1', 'c=IN IP4 0.0.0.0'),
      'inactive',
      'inactive',
    ],
  ];
  for (const [offer, written, agreed] of cases) {
    const outcome = answered(createAnswer(offer, OURS));
    t.true(outcome.sdp.includes(`a=${written}\r\n`), offer);
    t.is(outcome.agreed.direction, agreed);
    const media = parseMediaDescription(offer);
    t.is('problem' in media ? null : isHold(media), written !== 'sendonly');
  }
});

test('a direction at session level counts until a stream says otherwise (RFC 8866 §6.7)', (t) => {
  const held = sdpOf('c=IN IP4 192.168.1.1', 't=0 0', 'a=sendonly', 'm=audio 4000 RTP/AVP 0');
  t.is(answered(createAnswer(held, OURS)).agreed.direction, 'recvonly');
  const free = `${held}a=sendrecv\r\n`;
  t.is(answered(createAnswer(free, OURS)).agreed.direction, 'sendrecv');
});

test('of several m= lines the first usable audio is taken, and the others are refused in their places (RFC 3264 §6)', (t) => {
  const offer = sdpOf(
    't=0 0',
    'm=video 5000 RTP/AVP 96',
    'c=IN IP4 192.168.1.1',
    'm=audio 5002 RTP/SAVP 0',
    'c=IN IP4 192.168.1.1',
    'm=audio 5004 RTP/AVP 8 0',
    'c=IN IP4 192.168.1.7',
    'a=rtcp:5099',
    'm=image 5006 udptl t38',
    'c=IN IP4 192.168.1.1',
    'm=audio 5008 RTP/AVP 0',
    'c=IN IP4 192.168.1.1',
  );
  const { sdp, agreed } = answered(createAnswer(offer, OURS));
  t.deepEqual(sdp.match(/^m=.*$/gm), [
    'm=video 0 RTP/AVP 96',
    'm=audio 0 RTP/SAVP 0',
    'm=audio 16384 RTP/AVP 0',
    'm=image 0 udptl t38',
    'm=audio 0 RTP/AVP 0',
  ]);
  t.is(agreed.remoteAddress, '192.168.1.7');
  t.is(agreed.remoteRtcpPort, 5_099);
});

test('a dynamic payload type for PCMU is answered and used by its number', (t) => {
  const offer = sdpOf(
    'c=IN IP4 192.168.1.1',
    't=0 0',
    'm=audio 4000 RTP/AVP 18 100',
    'a=rtpmap:100 pcmu/8000',
  );
  const { sdp, agreed } = answered(createAnswer(offer, OURS));
  t.true(sdp.includes('m=audio 16384 RTP/AVP 100\r\n'));
  t.is(agreed.payloadType, 100);
});

test('what cannot be used is refused with 488, whatever the reason (RFC 3261 §21.4.26)', (t) => {
  const bad = [
    '',
    'not sdp',
    'v=0',
    'v=1\r\nm=audio 4000 RTP/AVP 0\r\nc=IN IP4 1.2.3.4',
    audioWith().replace('AVP 0', 'AVP 18'),
    audioWith().replace('22000', '0'),
    audioWith().replace('22000', '99999'),
    audioWith().replace('22000', '22000/2'),
    audioWith().replace('c=IN IP4 192.168.1.1', 'c=IN IP4 gateway.example'),
    audioWith().replace('c=IN IP4 192.168.1.1', 'c=IN IP4 224.2.0.1/127'),
    audioWith().replace('c=IN IP4 192.168.1.1', 'c=IN IP6 fd00::1'),
    audioWith().replace('c=IN IP4 192.168.1.1\r\n', ''),
    audioWith('a=rtpmap:0 PCMU/16000'),
    audioWith('a=rtpmap:0 PCMU/8000/2'),
    sdpOf('c=IN IP4 192.168.1.1', 'm=image 4000 udptl t38'),
    sdpOf(...Array.from({ length: 9 }, () => 'm=audio 4000 RTP/AVP 0')),
    `${audioWith()}a=x:${'y'.repeat(16_384)}`,
  ];
  for (const offer of bad) {
    t.is(createAnswer(offer, OURS).kind, 'refused', offer.slice(0, 200));
  }
});

test('packet time is theirs, and an absurd one is read as 20 ms', (t) => {
  const ptime = (text: string): number =>
    answered(createAnswer(audioWith(`a=ptime:${text}`), OURS)).agreed.ptimeMs;
  t.is(ptime('30'), 30);
  for (const absurd of ['0', '-20', '4294967296', 'x', '1000']) t.is(ptime(absurd), 20);
});

test('o= keeps its id, and its version rises by one only when something changed (RFC 3264 §8)', (t) => {
  const first = createOffer({ ...OURS, telephoneEventPayloadType: 101 });
  const again = createOffer({ ...OURS, previous: first, telephoneEventPayloadType: 101 });
  t.is(again, first);
  const held = createOffer({
    ...OURS,
    sessionId: 5,
    previous: first,
    telephoneEventPayloadType: 101,
    direction: 'sendonly',
  });
  t.true(held.includes('o=- 77 2 IN IP4'));
  const answer = answered(createAnswer(HGW_OFFER, { ...OURS, previous: held }));
  t.true(answer.sdp.includes('o=- 77 3 IN IP4'));
});

test('a later offer of ours keeps the m= lines and payload numbers of the session (RFC 3264 §8)', (t) => {
  const offer = sdpOf(
    'c=IN IP4 192.168.1.1',
    'm=image 5000 udptl t38',
    'm=audio 4000 RTP/AVP 100',
    'a=rtpmap:100 PCMU/8000',
  );
  const { sdp } = answered(createAnswer(offer, OURS));
  const held = createOffer({
    ...OURS,
    previous: sdp,
    telephoneEventPayloadType: null,
    direction: 'sendonly',
  });
  t.deepEqual(held.match(/^m=.*$/gm), ['m=image 0 udptl t38', 'm=audio 16384 RTP/AVP 100']);
});

test('the answer to our offer settles codec, events and direction from our side', (t) => {
  const offer = createOffer({ ...OURS, telephoneEventPayloadType: null });
  const outcome = negotiateAnswer(
    offer,
    audioWith('a=rtpmap:101 telephone-event/8000', 'a=sendonly').replace('AVP 0', 'AVP 0 101'),
  );
  t.is(outcome.kind, 'agreed');
  if (outcome.kind !== 'agreed') return;
  t.is(outcome.agreed.telephoneEventPayloadType, null, 'we had not offered it');
  t.is(outcome.agreed.direction, 'recvonly');
});

test('an answer that does not fit our offer is refused', (t) => {
  const offer = createOffer({ ...OURS, telephoneEventPayloadType: 101 });
  const twoLines = `${audioWith()}m=video 0 RTP/AVP 96\r\n`;
  for (const answer of ['', twoLines, audioWith().replace('AVP 0', 'AVP 8')]) {
    t.is(negotiateAnswer(offer, answer).kind, 'refused');
  }
});

test('an IPv6 line is answered on IPv6', (t) => {
  const offer = sdpOf('c=IN IP6 fd00::1', 't=0 0', 'm=audio 4000 RTP/AVP 0');
  const { sdp } = answered(createAnswer(offer, { ...OURS, address: 'fd00::20' }));
  t.true(sdp.includes('c=IN IP6 fd00::20\r\n'));
});

test('a hostile SDP of 16 KB costs at most 5 ms', (t) => {
  const hostile = [
    'a=rtpmap:0 ',
    'm=audio ',
    'a=rtcp:1 ',
    'c=IN IP4 ',
    'a=candidate:0 1 UDP ',
    'o=',
    '\r\n',
    'v=0\r\n',
    'a=rtpmap:0 PCMU/8000\r\n',
    'a=fmtp:1  \r\n',
    '=',
    '\u0000',
    'm=audio 1 RTP/AVP 0\r\n',
  ].map((unit) => `v=0\r\n${unit.repeat(Math.floor(16_000 / unit.length))}`);
  for (const sdp of hostile) {
    // The best of several: what it costs, not what else the machine was doing.
    const tookMs = Array.from({ length: 8 }, () => {
      const begun = process.hrtime.bigint();
      createAnswer(sdp, OURS);
      return Number(process.hrtime.bigint() - begun) / 1e6;
    });
    t.true(Math.min(...tookMs) < 5, `${sdp.slice(5, 25)} ${Math.min(...tookMs)} ms`);
  }
});

const directionLine = fc.constantFrom('', 'a=sendrecv', 'a=sendonly', 'a=recvonly', 'a=inactive');
const stream = fc
  .record({
    type: fc.constantFrom('audio', 'audio', 'audio', 'video', 'image'),
    port: fc.constantFrom('0', '4000', '5004', '65535', '70000', '4000/1', '4000/2'),
    protocol: fc.constantFrom('RTP/AVP', 'RTP/AVP', 'RTP/SAVP', 'udptl'),
    formats: fc.subarray(['8', '0', '18', '100', '101', '13', 't38'], { minLength: 1 }),
    address: fc.constantFrom('', 'c=IN IP4 192.168.1.9', 'c=IN IP4 0.0.0.0', 'c=IN IP6 ::1'),
    direction: directionLine,
    maps: fc.subarray([
      'a=rtpmap:100 PCMU/8000',
      'a=rtpmap:101 telephone-event/8000',
      'a=rtpmap:0 PCMU/8000/1',
      'a=rtcp:4099',
      'a=ptime:30',
    ]),
  })
  .map(({ type, port, protocol, formats, address, direction, maps }) =>
    [`m=${type} ${port} ${protocol} ${formats.join(' ')}`, address, direction, ...maps].filter(
      (line) => line !== '',
    ),
  );

test('every answer is consistent with its offer: same m= lines, a subset of formats, a direction that fits (RFC 3264 §6)', (t) => {
  let answers = 0;
  fc.assert(
    fc.property(
      fc.array(stream, { minLength: 1, maxLength: 4 }),
      fc.constantFrom('c=IN IP4 192.168.1.1', ''),
      directionLine,
      fc.constantFrom<Direction>('sendrecv', 'sendonly', 'recvonly', 'inactive'),
      (streams, connection, sessionDirection, wanted) => {
        const offer = sdpOf(
          ...[connection, 't=0 0', sessionDirection].filter((line) => line !== ''),
          ...streams.flat(),
        );
        const outcome = createAnswer(offer, { ...OURS, direction: wanted });
        if (outcome.kind === 'refused') return;
        answers++;
        const offered = readSdp(offer);
        const written = readSdp(outcome.sdp);
        if ('problem' in offered || 'problem' in written) throw new TypeError('unreadable');
        t.is(written.length, offered.length);
        t.is(written.filter(({ port }) => port !== 0).length, 1);
        for (const [index, answer] of written.entries()) {
          const source = offered[index];
          t.is(source?.type, answer.type);
          t.is(source?.protocol, answer.protocol);
          t.true(answer.formats.every((format) => source?.formats.includes(format)));
          if (answer.port === 0 || source === undefined) continue;
          t.not(source.port, 0);
          // What we write must be within what they offered, seen from our side.
          t.is(narrow(answer.direction, mirror(source.direction)), answer.direction);
        }
        // The other side reads our answer to its own offer as we meant it.
        t.is(outcome.agreed.ptimeMs >= 10, true);
        const ours = narrow(outcome.agreed.direction, wanted);
        t.is(ours, outcome.agreed.direction);
      },
    ),
    { numRuns: 1_500, seed: 7 },
  );
  t.true(answers > 200, `${answers} answers`);
});

test('our own answer to our own offer always agrees, mirrored (RFC 3264 §6.1)', (t) => {
  const directions: readonly Direction[] = ['sendrecv', 'sendonly', 'recvonly', 'inactive'];
  for (const theirs of directions) {
    for (const ours of directions) {
      const offer = createOffer({ ...OURS, direction: ours, telephoneEventPayloadType: 101 });
      const answer = answered(
        createAnswer(offer, { ...OURS, address: '192.168.1.30', direction: theirs }),
      );
      const outcome = negotiateAnswer(offer, answer.sdp);
      if (outcome.kind !== 'agreed') throw new TypeError(outcome.problem);
      t.is(outcome.agreed.direction, mirror(answer.agreed.direction));
      t.is(outcome.agreed.telephoneEventPayloadType, answer.agreed.telephoneEventPayloadType);
    }
  }
});

test('no text makes the reader throw (RFC 8866)', (t) => {
  const piece = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.constantFrom(
      'v=0',
      'm=audio 4000 RTP/AVP 0',
      'c=IN IP4 1.2.3.4',
      'a=rtpmap:',
      'a=rtpmap:0 __proto__/8000',
    ),
    fc.constantFrom(
      'm=audio',
      'm=',
      'c=IN IP4',
      'a=rtcp:',
      'a=ptime:',
      'm=constructor 1 x 0',
      'o=- 1 1 IN IP4 x',
    ),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 20 }), (lines) => {
      parseMediaDescription(lines.join('\r\n'));
      parseMediaDescription(`v=0\n${lines.join('\n')}`);
    }),
    { numRuns: 1_000, seed: 3 },
  );
  t.pass();
});
