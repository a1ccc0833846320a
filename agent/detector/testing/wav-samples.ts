import { readFile } from 'node:fs/promises';

/** The samples of a plain WAV: 16 bit, mono, 44 bytes of header or chunks before `data`. For the given vectors only. */
export async function readWavSamples(file: string | URL): Promise<Int16Array> {
  const bytes = await readFile(file);
  let at = 12;
  while (bytes.toString('latin1', at, at + 4) !== 'data') at += 8 + bytes.readUInt32LE(at + 4);
  const length = bytes.readUInt32LE(at + 4) / 2;
  return Int16Array.from({ length }, (_, i) => bytes.readInt16LE(at + 8 + 2 * i));
}
