import { writeFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { formatMachine, machine, type Machine } from './machine.js';

/** What every measurement can be told: `--name VALUE`, and `--out FILE` for the figures as JSON. */
export type Settings = ReadonlyMap<string, string>;

/**
 * Reads the command line; what is not there has the default given.
 * @throws {TypeError} for a name that the measurement does not know
 */
export function readSettings(defaults: Readonly<Record<string, string>>): Settings {
  const names = Object.keys({ ...defaults, out: '' });
  const options = Object.fromEntries(names.map((name) => [name, { type: 'string' }] as const));
  const { values } = parseArgs({ options });
  const settings = new Map(Object.entries(defaults));
  for (const [name, value] of Object.entries(values)) {
    if (typeof value === 'string') settings.set(name, value);
  }
  return settings;
}

export function numberOf(settings: Settings, name: string): number {
  const text = settings.get(name) ?? '';
  const value = Number(text);
  if (text === '' || !Number.isFinite(value) || value < 0) {
    throw new TypeError(`--${name}: expected a number, found "${text}"`);
  }
  return value;
}

export function numbersOf(settings: Settings, name: string): readonly number[] {
  return (settings.get(name) ?? '').split(',').map((text) => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < 1) {
      throw new TypeError(`--${name}: expected whole numbers with commas, found "${text}"`);
    }
    return value;
  });
}

/** Whether a promise that the project made was kept. */
export interface Verdict {
  readonly what: string;
  readonly promised: string;
  readonly found: string;
  readonly kept: boolean;
}

export interface Measured {
  readonly table: string;
  readonly verdicts: readonly Verdict[];
  /** All figures, for the JSON. */
  readonly figures: object;
}

export interface Measurement {
  readonly title: string;
  readonly defaults: Readonly<Record<string, string>>;
  run(settings: Settings): Promise<Measured>;
}

/** Runs one measurement from the command line. Exit 0: measured, whatever the figures; 1: it could not be measured. */
export async function measure(measurement: Measurement): Promise<void> {
  const settings = readSettings(measurement.defaults);
  const its: Machine = machine();
  console.log(`# ${measurement.title}\n${formatMachine(its)}\n`);
  try {
    const { table, verdicts, figures } = await measurement.run(settings);
    console.log(`\n${table}\n`);
    for (const { what, promised, found, kept } of verdicts) {
      console.log(`${kept ? 'kept  ' : 'BROKEN'} ${what}: promised ${promised}, found ${found}`);
    }
    const loadAfter = loadavg()[0] ?? 0;
    console.log(`load of the machine after: ${loadAfter.toFixed(1)} on ${its.cores} cores`);
    const out = settings.get('out');
    if (out === undefined) return;
    const json = {
      title: measurement.title,
      machine: { ...its, loadAfter },
      settings: Object.fromEntries(settings),
    };
    await writeFile(out, `${JSON.stringify({ ...json, verdicts, ...figures }, null, 2)}\n`);
  } catch (cause) {
    console.error(cause instanceof Error ? (cause.stack ?? cause.message) : cause);
    process.exitCode = 1;
  }
}

export const ms = (value: number | null, digits = 1): string =>
  value === null ? 'nothing' : `${value.toFixed(digits)} ms`;

/** Progress goes to stderr, the result to stdout. */
export const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

export const wait = (delayMs: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, delayMs));
