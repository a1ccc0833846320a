/** What a person can ask for while the demonstration runs. */
export type Key = 'acknowledge' | 'again' | 'quit';

const KEYS: ReadonlyMap<string, Key> = new Map([
  ['a', 'acknowledge'],
  ['c', 'again'],
  ['q', 'quit'],
  // Ctrl-C and Ctrl-D: in raw mode the terminal makes no signal of them.
  ['\u0003', 'quit'],
  ['\u0004', 'quit'],
]);

/** Listens to the keyboard, where there is one. */
export function watchKeys(onKey: (key: Key) => void): { readonly isOpen: boolean; close(): void } {
  const { stdin } = process;
  if (!stdin.isTTY) return { isOpen: false, close: () => undefined };
  const onData = (bytes: Buffer): void => {
    for (const character of bytes.toString('utf8')) {
      const key = KEYS.get(character.toLowerCase());
      if (key !== undefined) onKey(key);
    }
  };
  stdin.setRawMode(true);
  stdin.on('data', onData);
  stdin.resume();
  return {
    isOpen: true,
    close: () => {
      stdin.off('data', onData);
      stdin.setRawMode(false);
      stdin.pause();
    },
  };
}
