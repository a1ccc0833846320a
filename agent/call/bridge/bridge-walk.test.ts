import test from 'ava';
import { readPacketBatch } from 'node-mediastream';
import { SeededRandom } from '../../../base/testing/seeded-random.js';
import type { LegSource } from './bridge-protocol.js';
import { BenchLegs, REMOTE, type FakeSocket, type FakeTalker } from './testing/bench-legs.js';

const LEGS = ['1:a', '1:b', '2:a', '2:b'] as const;
type Name = (typeof LEGS)[number];

/** Each call speaks octets of its own: what a leg hears says where it is from. */
const octetOf = (legId: string): number => (legId.startsWith('1') ? 0x11 : 0x22);
const peerOf = { '1:a': '1:b', '1:b': '1:a', '2:a': '2:b', '2:b': '2:a' } as const;

class Walk {
  readonly legs: BenchLegs;
  readonly random: SeededRandom;
  readonly open = new Map<Name, { readonly socket: FakeSocket; readonly talker: FakeTalker }>();
  readonly sockets: { readonly legId: Name; readonly socket: FakeSocket }[] = [];
  plays = 0;

  constructor(seed: number) {
    this.random = new SeededRandom(seed);
    this.legs = new BenchLegs(new SeededRandom(seed + 1));
  }

  async step(): Promise<void> {
    const legId = this.random.pick(LEGS);
    const leg = this.open.get(legId);
    if (leg === undefined) {
      const opened = await this.legs.open(legId);
      this.open.set(legId, opened);
      this.sockets.push({ legId, socket: opened.socket });
      return;
    }
    const { bridge } = this.legs;
    switch (this.random.below(11)) {
      case 0:
        bridge.handle({ do: 'setSource', legId, source: this.#source(legId) });
        return;
      case 1:
        if (this.random.below(4) > 0) return;
        bridge.handle({ do: 'closeLeg', legId });
        await this.legs.settle();
        this.open.delete(legId);
        return;
      case 2: {
        const direction = this.random.pick(['sendrecv', 'recvonly', 'inactive'] as const);
        bridge.handle({ do: 'setRemote', legId, remote: { ...REMOTE, direction } });
        return;
      }
      case 3:
        bridge.handle({ do: 'sendDigit', legId, digit: '5', durationMs: 100 });
        return;
      case 4:
        bridge.handle({ do: 'tap', legId, record: true, detect: this.random.below(2) === 0 });
        return;
      case 5: {
        const tones = this.random.pick([['dtmf'], ['busy', 'dial'], []] as const);
        bridge.handle({ do: 'listenForTones', legId, tones });
        return;
      }
      case 6:
        bridge.handle({ do: 'watchSilence', legId, afterMs: this.random.pick([null, 30, 500]) });
        return;
      case 7:
        leg.talker.press(3, 60);
        return;
      default:
        for (let n = this.random.below(20); n > 0; n--) {
          for (const [name, { talker }] of this.open) {
            if (this.random.below(20) > 0) talker.say(new Uint8Array(160).fill(octetOf(name)));
          }
          this.legs.clock.advance(this.random.pick([0, 19, 20, 21, 20]));
        }
    }
  }

  #source(legId: Name): LegSource {
    const from = peerOf[legId];
    const playId = `${this.plays}`;
    switch (this.random.below(5)) {
      case 0:
        return { kind: 'silence' };
      case 1: {
        this.plays++;
        const promptId = this.random.pick(['tone:attention', 'missing']);
        return { kind: 'play', promptId, playId, repeat: this.random.below(2) === 0 };
      }
      case 2: {
        this.plays++;
        return { kind: 'mix', from: [from], prompt: { promptId: 'tone:attention', playId } };
      }
      default:
        return { kind: 'relay', from };
    }
  }
}

for (const seed of [1, 2, 3, 4]) {
  test(`whatever is commanded, no call hears another and every play is told to its end (seed ${seed})`, async (t) => {
    const walk = new Walk(seed);
    for (let n = 0; n < 800; n++) await walk.step();
    await walk.legs.bridge.close();
    await walk.legs.settle();
    t.deepEqual(walk.legs.faults, []);
    t.is(walk.legs.bridge.legCount, 0);
    t.is(walk.legs.clock.pendingCount, 0, 'no timer outlives the legs');
    const ended = walk.legs.of('playEnded').map(({ playId }) => playId);
    t.is(ended.length, walk.plays);
    t.is(new Set(ended).size, walk.plays);
    const kept = walk.legs.records.flatMap(({ callId, packets }) =>
      [...readPacketBatch(packets)].map(({ payload }) => ({ callId, payload })),
    );
    t.true(kept.length > 100);
    const isKeptRight = kept.every(
      ({ callId, payload }) => payload.length === 4 || payload[0] === octetOf(callId),
    );
    t.true(isKeptRight, 'the recorder has each packet under its own call');
    for (const { legId, socket } of walk.sockets) {
      const foreign = octetOf(legId) === 0x11 ? 0x22 : 0x11;
      const isForeign = socket.sent.some(({ payload }) =>
        payload.every((octet) => octet === foreign),
      );
      t.false(isForeign, `${legId} heard the other call`);
      const numbers = socket.sent.map(({ ssrc, sequenceNumber }) => `${ssrc} ${sequenceNumber}`);
      t.is(new Set(numbers).size, numbers.length, 'no number is used twice');
      const audio = socket.sent.filter(({ payloadType }) => payloadType === 0);
      const backwards = audio.findIndex((packet, n) => {
        const before = audio[n - 1] ?? packet;
        return ((packet.rtpTimestamp - before.rtpTimestamp) | 0) < 0;
      });
      t.is(backwards, -1, 'time never runs backwards');
    }
  });
}
