import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { InferenceSession } from 'onnxruntime-node';
import type { z } from 'zod';
import { messageOf, UnavailableError } from '../../../base/index.js';
import { OnnxEar, type Ear } from './ear.js';
import { earManifest, vadManifest, type EarManifest, type VadManifest } from './manifest.js';
import { OnnxVad, type Vad } from './vad-model.js';

/** A model that passed every check, and its manifest. */
export interface LoadedEar {
  readonly ear: Ear;
  readonly manifest: EarManifest;
}
export interface LoadedVad {
  readonly vad: Vad;
  readonly manifest: VadManifest;
}
export interface LoadedModels {
  readonly ear: LoadedEar;
  readonly vad: LoadedVad;
}

/** One thread each: the calls come first, and the processor is the calls'. */
const SESSION_OPTIONS: InferenceSession.SessionOptions = {
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  executionMode: 'sequential',
  logSeverityLevel: 3,
};

/** `model-refused`: the file, what was expected and what was found; never a crash. */
export function refused(
  file: string,
  expected: string,
  found: string,
  cause?: unknown,
): UnavailableError {
  return new UnavailableError('model-refused', `${file}: expected ${expected}, found ${found}`, {
    cause,
    fields: { file, expected, found },
  });
}

/**
 * Loads what the detector hears with.
 * @param modelsDirectory holds `ear-v0/` and `silero-vad/`
 * @throws {UnavailableError} `model-refused`: a manifest or a model is missing, broken, or not what its manifest says
 */
export async function loadModels(modelsDirectory: string): Promise<LoadedModels> {
  return {
    ear: await loadEar(join(modelsDirectory, 'ear-v0')),
    vad: await loadVad(join(modelsDirectory, 'silero-vad')),
  };
}

/** `name@sha256` of what listens. */
export function modelNames(models: LoadedModels): Record<string, string> {
  const nameOf = ({ name, sha256 }: { name: string; sha256: string }): string =>
    `${name}@${sha256}`;
  return { encoder: nameOf(models.ear.manifest), vad: nameOf(models.vad.manifest) };
}

/** Loads an ear from its folder. @throws {UnavailableError} `model-refused` */
export async function loadEar(directory: string): Promise<LoadedEar> {
  const manifest = await readManifest(directory, earManifest);
  const path = join(directory, manifest.file);
  const tokens = manifest.output.shape[2];
  for (const list of ['vocabulary', 'kana'] as const) {
    if (manifest[list].length === tokens) continue;
    const place = join(directory, 'manifest.json');
    throw refused(place, `${tokens} entries in ${list}`, `${manifest[list].length}`);
  }
  const session = await openSession(path, manifest);
  checkTensor(path, session.inputMetadata, manifest.input);
  checkTensor(path, session.outputMetadata, manifest.output);
  return { ear: new OnnxEar(session, manifest), manifest };
}

/** Loads a voice activity detector from its folder. @throws {UnavailableError} `model-refused` */
export async function loadVad(directory: string): Promise<LoadedVad> {
  const manifest = await readManifest(directory, vadManifest);
  const home =
    manifest.package === undefined ? directory : packageFolder(manifest.package, directory);
  const path = join(home, manifest.file);
  const session = await openSession(path, manifest);
  for (const name of [manifest.input.name, manifest.state.names[0]]) {
    if (!session.inputNames.includes(name)) {
      throw refused(path, `an input ${name}`, session.inputNames.join(', '));
    }
  }
  for (const name of [manifest.output.name, manifest.state.names[1]]) {
    if (!session.outputNames.includes(name)) {
      throw refused(path, `an output ${name}`, session.outputNames.join(', '));
    }
  }
  return { vad: new OnnxVad(session, manifest), manifest };
}

async function readManifest<T>(directory: string, schema: z.ZodType<T>): Promise<T> {
  const file = join(directory, 'manifest.json');
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw refused(file, 'a manifest', messageOf(cause), cause);
  });
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (cause) {
    throw refused(file, 'JSON', messageOf(cause), cause);
  }
  const parsed = schema.safeParse(content);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw refused(file, 'a manifest as models/README.md describes', problems.join('; '));
}

function packageFolder(name: string, directory: string): string {
  try {
    return dirname(createRequire(import.meta.url).resolve(`${name}/package.json`));
  } catch (cause) {
    throw refused(directory, `the npm package ${name}`, messageOf(cause), cause);
  }
}

async function openSession(
  path: string,
  manifest: { readonly sha256: string; readonly sizeBytes: number },
): Promise<InferenceSession> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw refused(path, 'a model file', messageOf(cause), cause);
  });
  if (bytes.length !== manifest.sizeBytes) {
    throw refused(path, `${manifest.sizeBytes} bytes`, `${bytes.length}`);
  }
  const found = createHash('sha256').update(bytes).digest('hex');
  if (found !== manifest.sha256) throw refused(path, `SHA-256 ${manifest.sha256}`, found);
  try {
    return await InferenceSession.create(bytes, SESSION_OPTIONS);
  } catch (cause) {
    throw refused(path, 'a graph that onnxruntime loads', messageOf(cause), cause);
  }
}

function checkTensor(
  path: string,
  metadata: readonly InferenceSession.ValueMetadata[],
  wanted: { readonly name: string; readonly shape: readonly number[] },
): void {
  const found = metadata.find((tensor) => tensor.name === wanted.name);
  const expected = `tensor ${wanted.name} float32 [${wanted.shape.join(', ')}]`;
  if (found?.isTensor !== true) throw refused(path, expected, 'no such tensor');
  if (found.type !== 'float32' || found.shape.join() !== wanted.shape.join()) {
    throw refused(path, expected, `${found.type} [${found.shape.join(', ')}]`);
  }
}
