import { rm } from 'node:fs/promises';
import { Server, ServerCredentials, status, type ServerWritableStream } from '@grpc/grpc-js';
import { listenOnUnixSocket, type Log } from '../../base/index.js';
import {
  HardwareService,
  Key,
  Pattern,
  type HardwareServer,
  type KeyEvent,
  type WatchKeysRequest,
} from '../../proto/index.js';
import {
  LEASE_MAX_MS,
  LEASE_MIN_MS,
  type BoxFront,
  type KeyPress,
  type PatternName,
} from '../devices/index.js';

/** The most streams of keys at once: one agent, its next life, and tools. */
export const KEY_WATCHERS_MAX = 8;
/** A watcher that reads nothing is let go after so many bytes waiting; a press is some 20. */
const WATCHER_BYTES_MAX = 4_096;

const PATTERNS: ReadonlyMap<Pattern, PatternName> = new Map<Pattern, PatternName>([
  [Pattern.PATTERN_READY, 'ready'],
  [Pattern.PATTERN_ON_CALL, 'onCall'],
  [Pattern.PATTERN_LEVEL_1, 'level1'],
  [Pattern.PATTERN_LEVEL_2, 'level2'],
  [Pattern.PATTERN_LEVEL_3, 'level3'],
  [Pattern.PATTERN_UNACKNOWLEDGED, 'unacknowledged'],
  [Pattern.PATTERN_FAULT, 'fault'],
  [Pattern.PATTERN_UPDATING, 'updating'],
]);
const PATTERN_OF = new Map([...PATTERNS].map(([pattern, name]) => [name, pattern]));
const KEYS: Readonly<Record<KeyPress['key'], Key>> = {
  sos: Key.KEY_SOS,
  acknowledge: Key.KEY_ACKNOWLEDGE,
  reset: Key.KEY_RESET,
};

export interface HardwareServerOptions {
  readonly socketPath: string;
  readonly front: BoxFront;
  readonly log: Log;
}

export interface RunningHardwareServer {
  /** Ends every stream and takes the socket away. */
  close(): Promise<void>;
}

/**
 * Serves tatebako.hardware.v1 on a Unix socket of mode 0660.
 * @throws {UnavailableError} `socket-taken`, `socket-listen`
 */
export async function startHardwareServer(
  options: HardwareServerOptions,
): Promise<RunningHardwareServer> {
  const { socketPath, log } = options;
  const server = new Server();
  server.addService(HardwareService, serviceOf(options));
  await listenOnUnixSocket(socketPath, (path) => bind(server, path));
  log.info('hardwareServed', { socketPath });
  return {
    close: async () => {
      server.forceShutdown();
      await rm(socketPath, { force: true });
    },
  };
}

function serviceOf({ front, log }: HardwareServerOptions): HardwareServer {
  let watchers = 0;
  return {
    setPattern: (call, answer) => {
      const pattern = PATTERNS.get(call.request.pattern);
      if (pattern === undefined) {
        answer({ code: status.INVALID_ARGUMENT, details: 'pattern: expected a known pattern' });
        return;
      }
      front.show(pattern);
      answer(null, {});
    },
    renewLease: (call, answer) => {
      const { leaseMs } = call.request;
      if (leaseMs < LEASE_MIN_MS || leaseMs > LEASE_MAX_MS) {
        const details = `lease_ms: expected ${LEASE_MIN_MS} to ${LEASE_MAX_MS}, found ${leaseMs}`;
        answer({ code: status.INVALID_ARGUMENT, details });
        return;
      }
      front.renewLease(leaseMs);
      answer(null, {});
    },
    getHealth: (_call, answer) => {
      const { isSimulated, isLineOnBox, pattern, faults } = front.health;
      answer(null, {
        simulated: isSimulated,
        lineOnBox: isLineOnBox,
        pattern: PATTERN_OF.get(pattern) ?? Pattern.PATTERN_UNSPECIFIED,
        faults: [...faults],
      });
    },
    watchKeys: (call) => {
      if (watchers >= KEY_WATCHERS_MAX) {
        const details = `at most ${KEY_WATCHERS_MAX} streams of keys`;
        call.emit('error', { code: status.RESOURCE_EXHAUSTED, details });
        return;
      }
      watchers += 1;
      log.debug('keyWatcher', { watchers });
      streamKeys(front, call, () => {
        watchers -= 1;
      });
    },
  };
}

function streamKeys(
  front: BoxFront,
  call: ServerWritableStream<WatchKeysRequest, KeyEvent>,
  onEnd: () => void,
): void {
  // Headers at once: the agent knows by them that it is heard.
  call.sendMetadata(call.metadata.clone());
  let isOver = false;
  const stop = front.watchPresses(({ key, heldMs, atWallMs }) => {
    if (call.writableLength > WATCHER_BYTES_MAX) {
      call.destroy();
      return;
    }
    call.write({ key: KEYS[key], heldMs, atWallMs });
  });
  const end = (): void => {
    if (isOver) return;
    isOver = true;
    stop();
    onEnd();
  };
  call.on('cancelled', end);
  call.on('close', end);
  call.on('error', end);
}

function bind(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.bindAsync(`unix:${path}`, ServerCredentials.createInsecure(), (error) => {
      if (error === null) resolve();
      else reject(error);
    });
  });
}
