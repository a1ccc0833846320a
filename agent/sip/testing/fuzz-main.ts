import { Buffer } from 'node:buffer';
import process from 'node:process';

import { fuzzOne } from './fuzz.js';

/**
 * `node dist/agent/sip/testing/fuzz-main.js [seconds] [seed]`: reads generated and mutated messages until the time is up.
 * Prints the first seed and, on failure, the seed and the input as hexadecimal, and exits with 1.
 */
function main(): void {
  const seconds = Number(process.argv[2] ?? '60');
  const firstSeed = Number(process.argv[3] ?? String(Date.now() % 2 ** 31));
  process.stdout.write(`sip fuzz: ${seconds} s from seed ${firstSeed}\n`);
  const endMs = performance.now() + seconds * 1_000;
  let seed = firstSeed;
  for (; performance.now() < endMs; seed += 1) {
    const failure = fuzzOne(seed, 5);
    if (failure === null) continue;
    const hex = Buffer.from(failure.input).toString('hex');
    process.stdout.write(`seed ${seed}: ${failure.what}\n${hex}\n`);
    process.exitCode = 1;
    return;
  }
  process.stdout.write(`sip fuzz: ${seed - firstSeed} seeds, nothing found\n`);
}

main();
