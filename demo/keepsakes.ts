import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Stage } from './stage/stage.js';

/**
 * Writes what is left of the call: `call.wav` (left = caller, right = staff), `call.json`, `events.jsonl`.
 * @returns where the recording stands
 */
export async function keepCall(stage: Stage, folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'events.jsonl'), stage.events.map((line) => `${line}\n`).join(''));
  if (stage.callJson !== null) await writeFile(join(folder, 'call.json'), `${stage.callJson}\n`);
  const file = join(folder, 'call.wav');
  const { callId } = stage.proof;
  if (callId !== null) await writeFile(file, await stage.link.audio(callId));
  return file;
}
