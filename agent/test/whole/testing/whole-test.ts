import test, { type ExecutionContext } from 'ava';
import { startBox, type Box, type BoxOptions } from '../../harness/box.js';
import { openPlace, type Place } from '../../harness/place.js';
import { OutsideLine, ShopPhone, type PartyCall } from './party.js';

/** All of 127.0.0.0/8 is loopback on Linux alone; there each test has a network of its own. */
export const wholeTest = process.platform === 'linux' ? test.serial : test.serial.skip;

/** Box, line and phone of one test, ready for a call. */
export interface Scene {
  readonly place: Place;
  readonly box: Box;
  readonly line: OutsideLine;
  readonly phone: ShopPhone;
}

export async function openScene(t: ExecutionContext, options: BoxOptions = {}): Promise<Scene> {
  const place = await openPlace(t);
  return openSceneAt(t, place, options);
}

export async function openSceneAt(
  t: ExecutionContext,
  place: Place,
  options: BoxOptions = {},
): Promise<Scene> {
  const line = await OutsideLine.open(t, place);
  const box = await startBox(t, place, options);
  const phone = await ShopPhone.open(t, place);
  return { place, box, line, phone };
}

/** A call that both ends talk in. */
export interface Talking {
  readonly caller: PartyCall;
  readonly staff: PartyCall;
}

/** Calls, and waits until both ends talk. */
export async function talk({ line, phone, box }: Scene): Promise<Talking> {
  const before = phone.calls.all.length;
  const bridged = box.log.count(isBridged);
  const caller = await line.call();
  const staff = await phone.nth(before + 1);
  await staff.until('answered');
  await box.log.until('bridged call', isBridged, { count: bridged + 1 });
  return { caller, staff };
}

const isBridged = (line: { readonly event: string; readonly [field: string]: unknown }): boolean =>
  line.event === 'call' && line['news'] === 'answered';

/** Real time in which a call goes on; there is nothing to wait for but the audio itself. */
export function letPass(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** The box's status as `tatebako status --json` says it. */
export async function statusOf(box: Box): Promise<unknown> {
  const { exit, output } = await box.command('status', '--json');
  if (exit.code !== 0) throw new Error(`status: exit ${exit.code ?? '?'}: ${output}`);
  const parsed: unknown = JSON.parse(output);
  return parsed;
}

/** @returns the value at a path of keys; undefined where the path ends before */
export function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  let here = value;
  for (const key of path) {
    if (typeof here !== 'object' || here === null) return undefined;
    here = Object.entries(here).find(([name]) => name === String(key))?.[1];
  }
  return here;
}
