import { chmod, mkdir, rename, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { messageOf, UnavailableError } from './errors.js';

/** sockaddr_un holds 108 bytes with the final zero (unix(7)); `.new` is added while the socket is made. */
export const SOCKET_PATH_BYTES_MAX = 103;
/** For us and our group alone. */
const SOCKET_MODE = 0o660;

/**
 * Makes a Unix socket of mode 0660 by `bind`, which listens at the path it is given; its directory is made, a socket that a dead
 * process left is replaced. The mode is right before anyone can find the socket under its name, without
 * a umask, which would hold for every other file that the process makes meanwhile.
 * @throws {UnavailableError} `socket-taken`: a live process answers there; `socket-listen`
 */
export async function listenOnUnixSocket(
  path: string,
  bind: (path: string) => Promise<void>,
): Promise<void> {
  if (Buffer.byteLength(path) > SOCKET_PATH_BYTES_MAX) {
    const message = `${path}: a socket's path has at most ${SOCKET_PATH_BYTES_MAX} bytes`;
    throw new UnavailableError('socket-listen', message, { fields: { path } });
  }
  if (await isAnswered(path)) {
    const message = `${path}: another process answers there`;
    throw new UnavailableError('socket-taken', message, { fields: { path } });
  }
  const fresh = `${path}.new`;
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o750 });
    await rm(fresh, { force: true });
    await bind(fresh);
    await chmod(fresh, SOCKET_MODE);
    await rename(fresh, path);
  } catch (cause) {
    const message = `${path}: ${messageOf(cause)}`;
    throw new UnavailableError('socket-listen', message, { cause, fields: { path } });
  }
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const answer = (isLive: boolean) => () => {
      socket.destroy();
      resolve(isLive);
    };
    socket.once('connect', answer(true));
    socket.once('error', answer(false));
  });
}
