/** What the disk may refuse: recordings, the records of calls, alerts. */
export type StorageUser = 'recordings' | 'records' | 'alerts';

/** One full disk is one alarm, however many of its users it refuses; the alarm ends when the last of them can write again. */
export class StorageFault {
  readonly #failing = new Set<StorageUser>();
  readonly #onFault: (isStanding: boolean) => void;

  constructor(onFault: (isStanding: boolean) => void) {
    this.#onFault = onFault;
  }

  note(user: StorageUser, isFailing: boolean): void {
    const stood = this.#failing.size > 0;
    if (isFailing) this.#failing.add(user);
    else this.#failing.delete(user);
    const stands = this.#failing.size > 0;
    if (stands !== stood) this.#onFault(stands);
  }
}
