import type { RecorderFileSystem } from '../recorder-files.js';

/** A disk in memory that can be made to refuse, at once or in the midst of a write. */
export class MemoryDisk implements RecorderFileSystem {
  /** Whole contents by path. */
  readonly contents = new Map<string, Buffer>();
  /** Of `contents`, what fdatasync has seen: what a power cut leaves. */
  readonly synced = new Map<string, Buffer>();
  readonly directories = new Set<string>();
  /** The code of the error that every operation fails with. */
  refusal: string | null = null;
  /** Bytes that still go onto the disk; further ones are refused with ENOSPC, after a part of them was written. */
  roomBytes = Number.POSITIVE_INFINITY;

  makeDirectory(path: string): void {
    this.#mayRefuse();
    this.directories.add(path);
  }

  create(path: string): ReturnType<RecorderFileSystem['create']> {
    this.#mayRefuse();
    if (this.contents.has(path)) throw this.#error('EEXIST');
    this.contents.set(path, Buffer.alloc(0));
    // The file lives on under another name after a rename.
    const file = { path };
    this.#open.add(file);
    const bytesOf = (): Buffer => this.contents.get(file.path) ?? Buffer.alloc(0);
    return {
      append: (bytes) => {
        this.#mayRefuse();
        const fits = bytes.subarray(0, Math.min(bytes.length, this.roomBytes));
        this.contents.set(file.path, Buffer.concat([bytesOf(), fits]));
        this.roomBytes -= fits.length;
        if (fits.length < bytes.length) throw this.#error('ENOSPC');
      },
      sync: () => {
        this.#mayRefuse();
        this.synced.set(file.path, bytesOf());
      },
      truncate: (sizeBytes) => {
        this.roomBytes += bytesOf().length - sizeBytes;
        this.contents.set(file.path, bytesOf().subarray(0, sizeBytes));
      },
      close: () => this.#open.delete(file),
    };
  }

  rename(from: string, to: string): void {
    this.#mayRefuse();
    for (const map of [this.contents, this.synced]) {
      const bytes = map.get(from);
      if (bytes === undefined) continue;
      map.delete(from);
      map.set(to, bytes);
    }
    for (const file of this.#open) if (file.path === from) file.path = to;
  }

  remove(path: string): void {
    this.roomBytes += this.contents.get(path)?.length ?? 0;
    this.contents.delete(path);
    this.synced.delete(path);
  }

  list(path: string): readonly string[] {
    const prefix = `${path}/`;
    const paths = [...this.contents.keys()].filter((name) => name.startsWith(prefix));
    return paths.map((name) => name.slice(prefix.length));
  }

  /** Files that were not closed. */
  get openCount(): number {
    return this.#open.size;
  }

  readonly #open = new Set<{ path: string }>();

  #mayRefuse(): void {
    if (this.refusal !== null) throw this.#error(this.refusal);
  }

  #error(code: string): Error {
    return Object.assign(new Error(`${code}: the disk refuses`), { code });
  }
}
