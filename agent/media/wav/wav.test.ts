import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import { SeededRandom, rms, sine } from '../pipeline/testing/signals.js';
import { loadPrompt } from './prompt.js';
import { WavError, type WavErrorCode } from './wav-error.js';
import { readWav } from './wav-reader.js';
import { encodeWav, WavFileWriter } from './wav-writer.js';

interface FileOptions {
  readonly tag?: number;
  readonly bits?: number;
  readonly channels?: number;
  readonly rateHz?: number;
  readonly body: Uint8Array;
  readonly saidBytes?: number;
  readonly before?: Uint8Array;
  readonly subFormat?: number;
}

function file(options: FileOptions): Uint8Array {
  const { tag = 1, bits = 16, channels = 1, rateHz = 8_000, body, subFormat } = options;
  const before = options.before ?? new Uint8Array(0);
  const formatBytes = subFormat === undefined ? 16 : 40;
  const out = Buffer.alloc(12 + before.length + 8 + formatBytes + 8 + body.length);
  out.write('RIFF', 0);
  out.writeUInt32LE(out.length - 8, 4);
  out.write('WAVE', 8);
  out.set(before, 12);
  let at = 12 + before.length;
  at = out.write('fmt ', at) + at;
  at = out.writeUInt32LE(formatBytes, at);
  out.writeUInt16LE(tag, at);
  out.writeUInt16LE(channels, at + 2);
  out.writeUInt32LE(rateHz, at + 4);
  out.writeUInt32LE((rateHz * channels * bits) / 8, at + 8);
  out.writeUInt16LE((channels * bits) / 8, at + 12);
  out.writeUInt16LE(bits, at + 14);
  if (subFormat !== undefined) out.writeUInt16LE(subFormat, at + 24);
  at += formatBytes;
  at = out.write('data', at) + at;
  at = out.writeUInt32LE(options.saidBytes ?? body.length, at);
  out.set(body, at);
  return out;
}

const bytesOf = (...values: number[]): Uint8Array => Uint8Array.from(values);
const first = (bytes: Uint8Array): number[] => [...(readWav(bytes).channels[0] ?? [])];

test('every sample width is read to the same scale', (t) => {
  t.deepEqual(first(file({ bits: 8, body: bytesOf(0, 128, 192) })), [-1, 0, 0.5]);
  t.deepEqual(first(file({ bits: 16, body: bytesOf(0, 0x80, 0, 0x40) })), [-1, 0.5]);
  t.deepEqual(first(file({ bits: 24, body: bytesOf(0, 0, 0x80, 0, 0, 0x40, 255, 255, 255) })), [
    -1,
    0.5,
    -1 / 8_388_608,
  ]);
  t.deepEqual(first(file({ bits: 32, body: bytesOf(0, 0, 0, 0x80, 0, 0, 0, 0x40) })), [-1, 0.5]);
  const floats = new Uint8Array(Float32Array.of(-0.25, Number.NaN, Infinity).buffer);
  t.deepEqual(first(file({ tag: 3, bits: 32, body: floats })), [-0.25, 0, 0]);
  const doubles = new Uint8Array(Float64Array.of(0.125).buffer);
  t.deepEqual(first(file({ tag: 3, bits: 64, body: doubles })), [0.125]);
});

test('A-law and µ-law files are read (ITU-T G.711)', (t) => {
  const scale = (values: number[]): number[] => values.map((value) => value * 32_768);
  t.deepEqual(
    scale(first(file({ tag: 7, bits: 8, body: bytesOf(0x00, 0x80, 0xff, 0x7f, 0xaa) }))),
    [-32_124, 32_124, 0, -0, 5_372],
  );
  t.deepEqual(
    scale(first(file({ tag: 6, bits: 8, body: bytesOf(0xaa, 0x2a, 0xd5, 0x55) }))),
    [32_256, -32_256, 8, -8],
  );
});

test('WAVE_FORMAT_EXTENSIBLE is read by its sub-format', (t) => {
  t.deepEqual(first(file({ tag: 0xfffe, subFormat: 1, body: bytesOf(0, 0x40) })), [0.5]);
});

test('channels are told apart, and other chunks of odd size are stepped over', (t) => {
  const list = Buffer.from('LIST\x03\0\0\0abc\0', 'latin1');
  const audio = readWav(file({ channels: 2, before: list, body: bytesOf(0, 0x40, 0, 0xc0) }));
  t.deepEqual(
    audio.channels.map((channel) => channel[0]),
    [0.5, -0.5],
  );
});

test('a file that was cut off, or never given its sizes, gives what is there', (t) => {
  const body = bytesOf(0, 0x40, 0, 0x40, 9);
  const cut = readWav(file({ body, saidBytes: 1_000 }));
  t.deepEqual([cut.frameCount, cut.isTruncated], [2, true]);
  for (const saidBytes of [0, 0xffff_ffff]) {
    const open = readWav(file({ body, saidBytes }));
    t.deepEqual([open.frameCount, open.isTruncated], [2, false]);
  }
});

const refusals: readonly (readonly [string, Uint8Array, WavErrorCode, RegExp])[] = [
  ['an empty file', bytesOf(), 'wav.empty', /empty/],
  ['MP3 with a tag', Buffer.from('ID3\x04xxxxxxxxxxxxxx'), 'wav.notWav', /MP3/],
  ['MP3 without one', bytesOf(0xff, 0xfb, 0x90, 0x64, 0, 0, 0, 0, 0, 0, 0, 0), 'wav.notWav', /MP3/],
  ['an Ogg file', Buffer.from('OggS----------------'), 'wav.notWav', /Ogg/],
  ['an M4A file', Buffer.from('\0\0\0\x20ftypM4A -------'), 'wav.notWav', /MP4/],
  ['a text', Buffer.from('hello, this is text'), 'wav.notWav', /something else/],
  ['an AVI file', Buffer.from('RIFF\x10\0\0\0AVI LIST'), 'wav.notWav', /AVI/],
  ['a header cut off', Buffer.from('RIFF\x10\0\0\0WA'), 'wav.truncatedHeader', /found 10/],
  ['half a RIFF', Buffer.from('RI'), 'wav.truncatedHeader', /found 2/],
  ['a header alone', file({ body: bytesOf() }).subarray(0, 36), 'wav.noSamples', /samples/],
  ['a file without samples', file({ body: bytesOf() }), 'wav.noSamples', /samples/],
  ['no format', Buffer.from('RIFF\x10\0\0\0WAVEdata\x02\0\0\0ab'), 'wav.noFormat', /format/],
  ['GSM', file({ tag: 0x31, body: bytesOf(1, 2) }), 'wav.unsupportedFormat', /0x0031/],
  ['12 bits', file({ bits: 12, body: bytesOf(1, 2) }), 'wav.unsupportedFormat', /found 12/],
  ['no channel', file({ channels: 0, body: bytesOf(1, 2) }), 'wav.badFormat', /found 0/],
  ['nine channels', file({ channels: 9, body: bytesOf(1, 2) }), 'wav.badFormat', /found 9/],
  ['a rate of 0', file({ rateHz: 0, body: bytesOf(1, 2) }), 'wav.badFormat', /found 0/],
  ['a rate of 4 GHz', file({ rateHz: 4e8, body: bytesOf(1, 2) }), 'wav.badFormat', /400000000/],
];
for (const [title, bytes, code, message] of refusals) {
  test(`${title} is refused in words that say what is wrong`, (t) => {
    const error = t.throws(() => readWav(bytes), { instanceOf: WavError });
    t.is(error.code, code);
    t.regex(error.message, message);
  });
}

test('whatever is done to a WAV file, it is read or refused with a WavError', (t) => {
  const random = new SeededRandom(1);
  const good = file({
    channels: 2,
    before: Buffer.from('LIST\x02\0\0\0ab'),
    body: new Uint8Array(64),
  });
  for (let round = 0; round < 20_000; round += 1) {
    const bad = good.slice(0, random.below(good.length + 1));
    for (let n = random.below(4); n > 0 && bad.length > 0; n -= 1) {
      bad[random.below(bad.length)] = random.below(256);
    }
    try {
      readWav(bad, { maxMs: 1_000 });
    } catch (error) {
      if (!(error instanceof WavError)) throw error;
    }
  }
  t.pass();
});

test('what is encoded is read back, sample for sample', (t) => {
  const samples = Int16Array.of(0, 1, -1, 32_767, -32_768, 1_234);
  const audio = readWav(encodeWav(samples, { sampleRateHz: 16_000, channelCount: 2 }));
  t.is(audio.sampleRateHz, 16_000);
  t.deepEqual(
    [...(audio.channels[1] ?? [])].map((x) => x * 32_768),
    [1, 32_767, 1_234],
  );
});

test('a file being written is readable before it is finished, and has true sizes after', async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'wav-'));
  const name = path.join(folder, 'call.wav');
  const handle = await open(name, 'w');
  try {
    const writer = await WavFileWriter.start(handle, { sampleRateHz: 8_000, channelCount: 2 });
    await writer.write(Int16Array.of(1, 2, 3, 4));
    t.is(readWav(await readFile(name)).frameCount, 2);
    await writer.write(Int16Array.of(5, 6));
    await writer.finish();
    t.is(writer.frameCount, 3);
    const whole = await readFile(name);
    t.deepEqual(
      whole,
      Buffer.from(
        encodeWav(Int16Array.of(1, 2, 3, 4, 5, 6), { sampleRateHz: 8_000, channelCount: 2 }),
      ),
    );
  } finally {
    await handle.close();
    await rm(folder, { recursive: true });
  }
});

test('a prompt of 44.1 kHz stereo becomes 8 kHz mono at its own level', (t) => {
  const tone = sine({
    samples: 44_100,
    frequencyHz: 1_000,
    amplitude: 10_000,
    sampleRateHz: 44_100,
  });
  const stereo = Int16Array.from({ length: 88_200 }, (_, n) => (n % 2 === 0 ? tone[n / 2]! : 0));
  const prompt = loadPrompt(encodeWav(stereo, { sampleRateHz: 44_100, channelCount: 2 }), {
    maxMs: 6_000,
  });
  t.is(prompt.samples.length, 8_000);
  t.is(prompt.durationMs, 1_000);
  t.true(Math.abs(rms(prompt.samples, 500, 7_500) - 5_000 / Math.SQRT2) < 20);
});

test('a prompt of 8 kHz mono is taken as it is, and one too long is refused', (t) => {
  const samples = sine({ samples: 8_000, frequencyHz: 300, amplitude: 32_767 });
  const bytes = encodeWav(samples, { sampleRateHz: 8_000, channelCount: 1 });
  t.deepEqual(loadPrompt(bytes, { maxMs: 1_000 }).samples, samples);
  const error = t.throws(() => loadPrompt(bytes, { maxMs: 999 }), { instanceOf: WavError });
  t.is(error.code, 'wav.tooLong');
});
