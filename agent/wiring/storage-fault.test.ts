import test from 'ava';
import { StorageFault } from './storage-fault.js';

test('a disk that refuses everyone is one alarm, which ends when the last of them can write again', (t) => {
  const told: boolean[] = [];
  const fault = new StorageFault((isStanding) => told.push(isStanding));
  fault.note('recordings', true);
  fault.note('records', true);
  fault.note('alerts', true);
  fault.note('recordings', true);
  t.deepEqual(told, [true]);
  fault.note('recordings', false);
  fault.note('alerts', false);
  t.deepEqual(told, [true]);
  fault.note('records', false);
  fault.note('records', false);
  t.deepEqual(told, [true, false]);
});
