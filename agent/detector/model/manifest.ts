import { z } from 'zod';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/u);
const shape = z.array(z.int().positive());
const source = z.looseObject({ what: z.string(), name: z.string(), licence: z.string() });

const common = {
  name: z.string().min(1),
  file: z.string().regex(/^[\w.-]+$/u),
  sha256,
  sizeBytes: z.int().positive().max(200_000_000),
  licence: z.string().min(1),
  source: z.array(source).min(1),
  notices: z.array(z.string()),
  sampleRateHz: z.literal(16_000),
};

/** `models/<ear>/manifest.json`: what the file is, whence it comes, and how it must be fed. Unknown keys are notes. */
export const earManifest = z.looseObject({
  kind: z.literal('ear'),
  ...common,
  input: z.looseObject({
    name: z.string(),
    shape: z.tuple([z.literal(1), z.literal(80), z.literal(400)]),
  }),
  output: z.looseObject({
    name: z.string(),
    shape: z.tuple([z.literal(1), z.literal(200), z.int().min(2).max(1_000)]),
    framesPerSecond: z.literal(50),
  }),
  streaming: z.looseObject({ hopSeconds: z.literal(0.5), lookaheadSeconds: z.literal(0.3) }),
  thresholds: z.looseObject({
    perMora: z.array(z.strictObject({ moraeMin: z.int().min(1), score: z.number().max(0) })).min(1),
  }),
  vocabulary: z.array(z.string().min(1)),
  kana: z.array(z.string()),
});
export type EarManifest = z.infer<typeof earManifest>;

/** `models/silero-vad/manifest.json`. */
export const vadManifest = z.looseObject({
  kind: z.literal('vad'),
  ...common,
  /** The npm package that carries the file; absent: it lies beside the manifest. */
  package: z.string().optional(),
  input: z.looseObject({ name: z.string(), shape: z.tuple([z.literal(1), z.literal(576)]) }),
  state: z.looseObject({ names: z.tuple([z.string(), z.string()]), shape }),
  output: z.looseObject({ name: z.string(), shape }),
  thresholds: z.strictObject({
    speechStarts: z.number().min(0).max(1),
    speechEnds: z.number().min(0).max(1),
    startsAfterMs: z.int().min(32).max(1_000),
    endsAfterMs: z.int().min(32).max(5_000),
  }),
});
export type VadManifest = z.infer<typeof vadManifest>;
