import test from 'ava';
import type { FrameSink, PcmFrame } from './frame.js';
import { tee } from './tee.js';

const frame: PcmFrame = { samples: new Int16Array(160), sampleRateHz: 8_000, rtpTimestamp: 0 };

function counter(chain: string, throwsAt = Infinity): FrameSink & { frames: number; ends: number } {
  return {
    chain,
    frames: 0,
    ends: 0,
    push() {
      this.frames += 1;
      if (this.frames >= throwsAt) throw new Error('broken');
    },
    end() {
      this.ends += 1;
    },
  };
}

test('a recorder that throws is cut off, and the detector beside it hears every frame', (t) => {
  const broken = counter('recorder', 2);
  const whole = counter('detector');
  const lost: string[] = [];
  const fork = tee([broken, whole], (branch) => lost.push(branch.chain));
  for (let n = 0; n < 5; n += 1) fork.push(frame);
  fork.end();
  t.is(broken.frames, 2);
  t.is(broken.ends, 0);
  t.is(whole.frames, 5);
  t.is(whole.ends, 1);
  t.deepEqual(lost, ['recorder']);
  t.is(fork.chain, 'tee(recorder, detector)');
});
