import type { Terminal } from '../../firmware/main.js';

/** @returns the terminal of this process; undefined when standard output is none */
export function openTerminal(): Terminal | undefined {
  const { stdin, stdout } = process;
  if (!stdout.isTTY) return undefined;
  return {
    write: (text) => void stdout.write(text),
    onKey: (listener) => {
      if (!stdin.isTTY) return () => undefined;
      const onText = (text: string): void => {
        for (const key of text) listener(key);
      };
      stdin.setRawMode(true).setEncoding('utf8').on('data', onText).resume();
      return () => {
        stdin.off('data', onText).setRawMode(false).pause();
      };
    },
  };
}
