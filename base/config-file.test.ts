import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { z } from 'zod';
import { readConfigFile, validateConfig } from './config-file.js';
import { ConfigError } from './errors.js';

const schema = z.strictObject({
  rtp: z.strictObject({
    firstPort: z
      .int()
      .min(1_024)
      .max(65_534)
      .refine((port) => port % 2 === 0, 'must be even for RTCP (RFC 3550 §11)'),
    jitterTargetMs: z.int().min(20).max(200).default(40),
  }),
  line: z.strictObject({ profile: z.enum(['hgw', 'ht813']) }).optional(),
  phone: z.array(z.strictObject({ extension: z.string().min(1) })).default([]),
});

const problemsIn = (value: unknown): readonly string[] => {
  try {
    validateConfig('box.toml', value, schema);
    return [];
  } catch (cause) {
    return cause instanceof ConfigError ? cause.message.split('\n') : [String(cause)];
  }
};

test('every problem is told at once, with its path, what was expected and what was found', (t) => {
  t.deepEqual(
    problemsIn({
      rtp: { firstPort: 16_385, jitterTargetMs: '6O' },
      line: { profile: 'hgv' },
      phone: [{ extension: '' }],
    }),
    [
      'box.toml: rtp.firstPort: expected even for RTCP (RFC 3550 §11), found 16385',
      'box.toml: rtp.jitterTargetMs: expected a whole number from 20 to 200, found "6O"',
      'box.toml: line.profile: expected one of "hgw", "ht813", found "hgv"',
      'box.toml: phone[0].extension: expected text that is not empty, found ""',
    ],
  );
});

test('an unknown key is an error that names the nearest known one', (t) => {
  t.deepEqual(problemsIn({ rtp: { firstport: 5, firstPort: 16_384 } }), [
    'box.toml: rtp.firstport: expected a known key; did you mean firstPort?, found an unknown key',
  ]);
});

test('what is missing is told as nothing found', (t) => {
  t.deepEqual(problemsIn({}), ['box.toml: rtp: expected a table, found nothing']);
});

test('broken TOML names the line, Shift_JIS and a missing file are told as such', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'tatebako-config-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const file = join(folder, 'box.toml');
  writeFileSync(file, '[rtp]\nfirstPort = = 3\n');
  t.throws(() => readConfigFile(file, schema), { instanceOf: ConfigError, message: /line 2/ });
  writeFileSync(file, Buffer.from([0x23, 0x82, 0xb3, 0x82, 0xad, 0x82, 0xe7, 0x0a]));
  t.throws(() => readConfigFile(file, schema), { message: /text in UTF-8/ });
  t.throws(() => readConfigFile(join(folder, 'none.toml'), schema), { message: /a readable file/ });
});
