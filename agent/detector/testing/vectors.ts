import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

/** What another implementation of the same model computed, in numpy; beside the sources, since it is given, not built. */
export const VECTORS_DIRECTORY = join('agent', 'detector', 'testing', 'vectors');
export const MODELS_DIRECTORY = 'models';

const posteriors = z.array(z.array(z.tuple([z.string(), z.number()])));
const vectors = z.looseObject({
  samples_8k: z.number(),
  samples_16k: z.number(),
  upsample_taps: z.array(z.number()),
  samples_16k_from_20000: z.array(z.number()),
  window: z.looseObject({ number: z.number(), mel_max: z.number(), top3_per_frame: posteriors }),
  stitched: z.looseObject({
    frames: z.number(),
    top3_per_frame: posteriors,
    kana: z.string(),
    tokens: z.array(z.tuple([z.string(), z.number()])),
  }),
});
export type Vectors = z.infer<typeof vectors>;

export async function readVectors(): Promise<Vectors> {
  return vectors.parse(JSON.parse(await readFile(join(VECTORS_DIRECTORY, 'vectors.json'), 'utf8')));
}

/** The float32 content of a .npy file, C order. */
export async function readNpy(file: string): Promise<Float32Array> {
  const bytes = await readFile(file);
  const start = 10 + bytes.readUInt16LE(8);
  return Float32Array.from({ length: (bytes.length - start) / 4 }, (_, i) =>
    bytes.readFloatLE(start + 4 * i),
  );
}
