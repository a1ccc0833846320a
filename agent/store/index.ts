export { type ValueCodec, type ValueShape } from './codec.js';
export { type StoreCondition } from './open-database.js';
export {
  openStore,
  WRITES_WAITING_MAX,
  type Migration,
  type Store,
  type StoreOptions,
} from './store.js';
export { type StoreErrorCode } from './store-error.js';
export {
  type BatchWriter,
  type EntryRange,
  type SequenceCounter,
  type Table,
  type WriteOptions,
} from './table.js';
