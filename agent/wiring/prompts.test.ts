import test from 'ava';
import { silentLog } from '../../base/index.js';
import { PROMPTS } from '../call/index.js';
import { Prompts } from './prompts.js';

test('the first caller after a start hears the announcement, though it is still being read', (t) => {
  const prompts = new Prompts(null, silentLog, () => undefined);
  t.is(prompts.announcement, 'builtIn');
});

test('a tone stands for an announcement that is broken, until it can be read again', (t) => {
  const faults: string[] = [];
  const prompts = new Prompts('/shop/announcement.wav', silentLog, (code) => faults.push(code));
  prompts.onEvent({ name: 'promptFailed', promptId: PROMPTS.configured, reason: 'no such file' });
  t.is(prompts.announcement, 'tone');
  t.deepEqual(faults, ['announcement-broken']);
  prompts.onEvent({ name: 'promptLoaded', promptId: PROMPTS.configured, durationMs: 4_000 });
  t.is(prompts.announcement, 'configured');
});
