import { messageOf } from '../../base/index.js';
import { peerCommand, type PeerCommand, type PeerEvent } from './control.js';
import { LineSplitter, parseJsonLine } from './json-lines.js';

/** A gateway or a phone that stands. */
export interface Peer {
  obey(command: PeerCommand): void;
  close(): Promise<void>;
}

/** Makes the peer from its first command; null when the command opens nothing of its kind. */
export type OpenPeer = (
  command: PeerCommand,
  tell: (event: PeerEvent) => void,
) => Promise<Peer> | null;

/** The process of a gateway or a phone: obeys standard input, tells on standard output, ends with either. */
export function runPeer(open: OpenPeer): void {
  const tell = (event: PeerEvent): void => {
    process.stdout.write(`${JSON.stringify(event)}\n`);
  };
  let opening: Promise<Peer> | null = null;
  let isClosing = false;
  const fail = (cause: unknown): void => {
    tell({ event: 'failed', reason: messageOf(cause) });
    process.exitCode = 1;
  };
  const close = (): void => {
    if (isClosing) return;
    isClosing = true;
    process.stdin.destroy();
    Promise.resolve(opening)
      .then((peer) => peer?.close())
      .catch(fail)
      // Nothing that is still under way is worth waiting for.
      .finally(() => process.exit());
  };
  const obey = (line: string): void => {
    const command = parseJsonLine(line, peerCommand);
    if (command === null) return;
    if (command.do === 'close') close();
    else if (opening === null) opening = openOrFail(command);
    else opening.then((peer) => peer.obey(command)).catch(fail);
  };
  const openOrFail = (command: PeerCommand): Promise<Peer> | null => {
    const made = open(command, tell);
    // close() waits for it, and tells why it failed.
    made?.catch(close);
    return made;
  };
  const lines = new LineSplitter(obey);
  process.stdin.on('data', (bytes: Buffer) => lines.push(bytes));
  process.stdin.on('end', close);
  // Whoever started us has gone: there is nobody to tell.
  process.stdout.on('error', close);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, close);
}
