import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { WAV_HEADER_BYTES, wavHeader } from 'node-mediastream';
import { TELEPHONE_RATE_HZ } from '../base/index.js';
import type { Stage } from './stage/stage.js';

/**
 * Writes the agent's log, for whoever looks into what went wrong.
 * @returns where it stands
 */
export async function keepLog(stage: Stage, folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  const file = join(folder, 'agent.log');
  await writeFile(file, stage.agentLog.map((line) => `${line}\n`).join(''));
  return file;
}

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
  if (callId !== null) await writeFile(file, withLength(await stage.link.audio(callId)));
  return file;
}

/** What was streamed could not know its length when its header was written; a file should. */
function withLength(streamed: Buffer): Buffer {
  const samples = streamed.subarray(WAV_HEADER_BYTES);
  const header = wavHeader({ sampleRateHz: TELEPHONE_RATE_HZ, channelCount: 2 }, samples.length);
  return Buffer.concat([header, samples]);
}
