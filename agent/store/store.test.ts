import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import test from 'ava';
import { z } from 'zod';

import { silentLog, StorageError, UnavailableError } from '../../base/index.js';
import { FakeClock } from '../../base/testing/fake-clock.js';
import { SeededRandom } from '../../base/testing/seeded-random.js';
import { openStore, type Migration, type Store } from './index.js';

const options = { clock: new FakeClock(), log: silentLog };
const note = z.strictObject({ text: z.string(), level: z.int() });
const newDirectory = async (): Promise<string> =>
  join(await mkdtemp(join(tmpdir(), 'store-')), 'db');

async function collect<T>(entries: AsyncGenerator<readonly [string, T]>): Promise<[string, T][]> {
  const all: [string, T][] = [];
  for await (const [key, value] of entries) all.push([key, value]);
  return all;
}

test('values outlive a restart, in order of their keys, each table by itself', async (t) => {
  const directory = await newDirectory();
  const first = await openStore(directory, options);
  const notes = first.table('notes', note);
  await notes.put('b', { text: '二', level: 2 }, { sync: true });
  await notes.put('a', { text: '一', level: 1 });
  await notes.put('c', { text: '三', level: 3 });
  // A table whose name begins like the other's must not leak into it.
  await first.table('notes-old', note).put('a', { text: 'old', level: 0 });
  await first.close();
  const second = await openStore(directory, options);
  const again = second.table('notes', note);
  t.deepEqual(
    (await collect(again.entries())).map(([key]) => key),
    ['a', 'b', 'c'],
  );
  t.deepEqual(
    (await collect(again.entries({ gte: 'b', reverse: true, limit: 1 }))).map(([k]) => k),
    ['c'],
  );
  t.deepEqual(
    (await collect(again.entries({ lte: 'b' }))).map(([key]) => key),
    ['a', 'b'],
  );
  t.deepEqual(await again.get('b'), { text: '二', level: 2 });
  await again.del('b');
  t.is(await again.get('b'), undefined);
  await second.close();
});

test('a broken value is set aside and counted, and reading goes on behind it', async (t) => {
  const store = await openStore(await newDirectory(), options);
  const raw = store.table('notes', {
    encode: (text: string) => text,
    decode: (text: string) => text,
  });
  const notes = store.table('notes', note);
  await notes.put('a', { text: 'x', level: 1 });
  await raw.put('b', '{"text": broken');
  await raw.put('c', '{"text":"x","level":"high"}');
  await notes.put('d', { text: 'y', level: 2 });
  t.deepEqual(
    (await collect(notes.entries({ limit: 2 }))).map(([key]) => key),
    ['a', 'd'],
  );
  t.is(store.quarantinedCount, 2);
  t.is(await notes.get('b'), undefined);
  t.is(store.quarantinedCount, 2, 'once set aside, it is not met again');
  await store.close();
});

test('a second process is told which store is in use', async (t) => {
  const directory = await newDirectory();
  const store = await openStore(directory, options);
  const error = await t.throwsAsync(openStore(directory, options), {
    instanceOf: UnavailableError,
  });
  t.is(error.code, 'store-locked');
  t.true(error.message.includes(directory));
  await store.close();
});

test('numbers have no gap and no repeat over failed batches, races and restarts', async (t) => {
  const directory = await newDirectory();
  const random = new SeededRandom(7);
  let expected = 0;
  for (let restart = 0; restart < 4; restart += 1) {
    const store = await openStore(directory, options);
    const events = store.table('events', z.number());
    const counter = store.counter('events');
    const writes: Promise<void>[] = [];
    for (let n = 0; n < 50; n += 1) {
      const fails = random.below(4) === 0;
      const write = store.batch((writer) => {
        const seq = writer.next(counter);
        if (fails) throw new StorageError('test', 'no');
        writer.put(events, String(seq).padStart(8, '0'), seq);
      });
      writes.push(fails ? t.throwsAsync(write).then(() => undefined) : write);
      if (!fails) expected += 1;
    }
    await Promise.all(writes);
    await store.close();
  }
  const store = await openStore(directory, options);
  const numbers = (await collect(store.table('events', z.number()).entries())).map(
    ([, seq]) => seq,
  );
  t.deepEqual(
    numbers,
    Array.from({ length: expected }, (_, n) => n + 1),
  );
  await store.close();
});

test('a database that is broken is repaired, its values kept', async (t) => {
  const directory = await newDirectory();
  const first = await openStore(directory, options);
  await first.table('notes', note).put('a', { text: 'x', level: 1 }, { sync: true });
  await first.close();
  await writeFile(join(directory, 'CURRENT'), 'nonsense');
  const second = await openStore(directory, options);
  t.is(second.condition.name, 'repaired');
  t.deepEqual(await second.table('notes', note).get('a'), { text: 'x', level: 1 });
  await second.close();
});

test('a database beyond repair is moved aside whole, and the box goes on', async (t) => {
  const directory = await newDirectory();
  const first = await openStore(directory, options);
  await first.close();
  await writeFile(join(directory, 'CURRENT'), 'nonsense');
  // A folder where repairing must write a file: it cannot get past it.
  await mkdir(join(directory, '000001.dbtmp', 'x'), { recursive: true });
  const second = await openStore(directory, options);
  const { condition } = second;
  if (condition.name !== 'replaced') return t.fail(condition.name);
  t.is(condition.error.code, 'store-corrupt');
  t.true((await readdir(condition.movedTo)).includes('CURRENT'));
  await second.table('notes', note).put('a', { text: 'x', level: 1 });
  await second.close();
});

test('migrations run once each, in order, and a store from the future is refused', async (t) => {
  const directory = await newDirectory();
  await (await openStore(directory, options)).close();
  const ran: string[] = [];
  const migration = (name: string): Migration => {
    return (store: Store) => {
      ran.push(name);
      return store.table('notes', note).put(name, { text: name, level: 1 });
    };
  };
  const migrations = [migration('one'), migration('two')];
  await (await openStore(directory, { ...options, migrations })).close();
  await (await openStore(directory, { ...options, migrations })).close();
  t.deepEqual(ran, ['one', 'two']);
  const error = await t.throwsAsync(openStore(directory, options), { instanceOf: StorageError });
  t.is(error.code, 'store-newer');
});

test('a migration that fails is run again at the next start', async (t) => {
  const directory = await newDirectory();
  await (await openStore(directory, options)).close();
  const failing = openStore(directory, {
    ...options,
    migrations: [() => Promise.reject(new StorageError('test', 'no'))],
  });
  await t.throwsAsync(failing, { message: 'no' });
  let ran = 0;
  const migrations: Migration[] = [
    () => {
      ran += 1;
      return Promise.resolve();
    },
  ];
  await (await openStore(directory, { ...options, migrations })).close();
  t.is(ran, 1);
});

test('after close every call is refused, and closing again does nothing', async (t) => {
  const store = await openStore(await newDirectory(), options);
  const notes = store.table('notes', note);
  await store.close();
  await store.close();
  t.is((await t.throwsAsync(notes.get('a'), { instanceOf: StorageError })).code, 'store-closed');
  const write = notes.put('a', { text: '', level: 0 });
  t.is((await t.throwsAsync(write, { instanceOf: StorageError })).code, 'store-closed');
});

test('a full disk is named as such, and writing goes on when there is room again', async (t) => {
  const mount = await mkdtemp(join(tmpdir(), 'store-full-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', mount], { stdio: 'pipe' });
  } catch {
    t.log('skipped: this user may not mount a small file system');
    t.pass();
    return;
  }
  try {
    const store = await openStore(join(mount, 'db'), options);
    const notes = store.table('notes', note);
    const filler = join(mount, 'filler');
    await t.throwsAsync(writeFile(filler, Buffer.alloc(8 << 20)), { code: 'ENOSPC' });
    const text = 'x'.repeat(64 << 10);
    const error = await t.throwsAsync(
      async () => {
        for (let n = 0; n < 100; n += 1)
          await notes.put(`k${n}`, { text, level: 1 }, { sync: true });
      },
      { instanceOf: StorageError },
    );
    t.is(error.code, 'disk-full');
    await rm(filler);
    await notes.put('after', { text: 'x', level: 1 }, { sync: true });
    t.deepEqual(await notes.get('after'), { text: 'x', level: 1 });
    await store.close();
  } finally {
    execFileSync('umount', ['-l', mount]);
  }
});
