import { copyFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeWav } from 'node-mediastream';
import { openPlace } from '../harness/place.js';
import { at, letPass, openSceneAt, statusOf, wholeTest } from './testing/whole-test.js';

const CD_HZ = 44_100;

/** Stereo as a music editor saves it. */
function editorsWav(ms: number): Uint8Array {
  const frames = (CD_HZ * ms) / 1_000;
  const interleaved = new Int16Array(2 * frames);
  for (let n = 0; n < frames; n += 1) {
    const sample = Math.round(8_000 * Math.sin((2 * Math.PI * 770 * n) / CD_HZ));
    interleaved[2 * n] = sample;
    interleaved[2 * n + 1] = sample;
  }
  return encodeWav(interleaved, { sampleRateHz: CD_HZ, channelCount: 2 });
}

const FILES: readonly {
  readonly what: string;
  readonly put: (file: string) => Promise<void>;
  readonly played: 'configured' | 'tone';
}[] = [
  {
    what: 'of 44.1 kHz stereo is played',
    put: (file) => writeFile(file, editorsWav(1_200)),
    played: 'configured',
  },
  { what: 'that is missing', put: (file) => rm(file), played: 'tone' },
  { what: 'that is no WAV', put: (file) => copyFile('/proc/self/exe', file), played: 'tone' },
  { what: 'longer than 6 s', put: (file) => writeFile(file, editorsWav(6_100)), played: 'tone' },
];
for (const { what, put, played } of FILES) {
  const rest = played === 'tone' ? ': a tone stands for it, a fault tells, the call passes' : '';
  wholeTest(`an announcement ${what}${rest}`, async (t) => {
    const place = await openPlace(t);
    const file = join(place.folder, 'own.wav');
    await writeFile(file, 'RIFF');
    await put(file);
    const scene = await openSceneAt(t, place, {
      announcement: 'builtIn',
      more: { announcement: [`file = "${file}"`] },
    });
    const { box, line, phone } = scene;
    const caller = await line.call();
    const staff = await phone.nth(1);
    await staff.until('answered');
    await letPass(300);
    t.true(caller.talk.packetsReceived > 10);
    caller.hangUp();
    await box.callsEnded();
    const call = await box.onlyCall();
    t.is(call.announcement?.what, played);
    t.true(call.announcement?.completed);
    t.is(call.outcome, 'answered');
    const codes = JSON.stringify(at(await statusOf(box), 'alerts', 'faults'));
    t.is(codes.includes('announcement-broken'), played === 'tone', codes);
  });
}
