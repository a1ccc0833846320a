import { open } from 'node:fs/promises';
import { parentPort, Worker, workerData } from 'node:worker_threads';
import { loadPrompt, type Prompt } from 'node-mediastream';
import { messageOf } from '../../../base/index.js';

/** The largest announcement that is read, bytes: five minutes of CD quality. */
export const PROMPT_BYTES_MAX = 64 * 1_024 * 1_024;

interface Request {
  readonly promptFile: string;
  readonly maxMs: number;
}

type Answer = { readonly prompt: Prompt } | { readonly reason: string };

/**
 * Loads a WAV in a thread of its own: resampling takes longer than a call may wait.
 * @throws {Error} whose message says what is wrong with the file
 */
export function loadPromptInThread(file: string, maxMs: number): Promise<Prompt> {
  const request: Request = { promptFile: file, maxMs };
  const worker = new Worker(new URL('./prompt-loader.js', import.meta.url), {
    workerData: request,
  });
  return new Promise((resolve, reject) => {
    worker.once('message', (answer: Answer) => {
      if ('prompt' in answer) resolve(answer.prompt);
      else reject(new Error(answer.reason));
    });
    worker.once('error', reject);
    worker.once('exit', () => reject(new Error('the loading of the file ended without a result')));
  });
}

async function readPrompt({ promptFile, maxMs }: Request): Promise<Prompt> {
  const handle = await open(promptFile);
  try {
    const { size } = await handle.stat();
    if (size > PROMPT_BYTES_MAX)
      throw new RangeError(`the file is larger than ${PROMPT_BYTES_MAX} bytes`);
    return loadPrompt(await handle.readFile(), { maxMs });
  } finally {
    await handle.close();
  }
}

function isRequest(given: unknown): given is Request {
  return typeof given === 'object' && given !== null && 'promptFile' in given;
}

const given: unknown = workerData;
if (parentPort !== null && isRequest(given)) {
  const answerTo = parentPort;
  void readPrompt(given)
    .then((prompt): Answer => ({ prompt }))
    .catch((cause: unknown): Answer => ({ reason: messageOf(cause) }))
    .then((answer) => answerTo.postMessage(answer));
}
