import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadPrompt } from 'node-mediastream';
import { ROOT } from './measured-box.js';
import { utterance, type Utterance } from './voice.js';

const SPEECH_MAX_MS = 60_000;
/** The demonstration's call, a file a turn. */
const CALLER = ['caller-1', 'caller-2', 'caller-3', 'caller-4'];
const STAFF = ['staff-1', 'staff-2', 'staff-3'];

/** @returns s16 at 8 kHz, mono */
export async function readSpeech(file: string): Promise<Int16Array> {
  return loadPrompt(await readFile(file), { maxMs: SPEECH_MAX_MS }).samples;
}

export const demoFiles = (side: 'caller' | 'staff'): readonly string[] =>
  (side === 'caller' ? CALLER : STAFF).map((name) => join(ROOT, 'demo/speech', `${name}.wav`));

/** What both sides say in calls whose words do not matter: recorded Japanese, turn by turn. */
export async function demoTurns(side: 'caller' | 'staff'): Promise<readonly Utterance[]> {
  const turns = await Promise.all(demoFiles(side).map(readSpeech));
  return turns.map(utterance);
}
