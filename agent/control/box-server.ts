import { rm } from 'node:fs/promises';
import {
  Server,
  ServerCredentials,
  status,
  type sendUnaryData,
  type ServiceError,
} from '@grpc/grpc-js';
import {
  listenOnUnixSocket,
  messageOf,
  TatebakoError,
  type Clock,
  type Log,
} from '../../base/index.js';
import { BoxService, Role, statusJson, type BoxServer } from '../../proto/index.js';
import type { BoxReads, TokenRole } from './box-reads.js';
import { streamAudio, streamEvents, type StreamLimits } from './streams.js';
import { TOKEN_DAYS_MAX } from './tokens.js';

export const CALLS_LISTED_MAX = 1_000;
const CALLS_LISTED = 100;
const TOKEN_DAYS = 365;
/** Within this time the same cry for help is one, ms. */
export const PANIC_REPEAT_MS = 10_000;
/** The longest text that an rpc may bring, characters. */
const TEXT_MAX = 128;

const ROLES: ReadonlyMap<Role, TokenRole> = new Map<Role, TokenRole>([
  [Role.ROLE_SUPERVISOR, 'supervisor'],
  [Role.ROLE_INSTALLER, 'installer'],
  [Role.ROLE_AUDITOR, 'auditor'],
]);

export interface ControlOptions {
  /** Absolute; `<dataDirectory>/run/agent.sock`. */
  readonly socketPath: string;
  readonly box: BoxReads;
  readonly clock: Clock;
  readonly log: Log;
}

export interface RunningControl {
  /** Ends every stream and takes the socket away. */
  close(): Promise<void>;
}

/**
 * Serves tatebako.box.v1 on a Unix socket of mode 0660.
 * @throws {UnavailableError} `socket-taken`: another agent runs on this data directory; `socket-listen`
 */
export async function startControl(options: ControlOptions): Promise<RunningControl> {
  const { socketPath, log } = options;
  const server = new Server();
  server.addService(BoxService, serviceOf(options));
  await listenOnUnixSocket(socketPath, (path) => bind(server, path));
  log.info('controlServed', { socketPath });
  return {
    close: async () => {
      server.forceShutdown();
      await rm(socketPath, { force: true });
    },
  };
}

/** A refusal in the words of gRPC. */
class Refusal extends Error {
  readonly code: status;
  constructor(code: status, message: string) {
    super(message);
    this.code = code;
  }
}

const invalid = (message: string): Refusal => new Refusal(status.INVALID_ARGUMENT, message);

function serviceOf(options: ControlOptions): BoxServer {
  const { box, log, clock } = options;
  const answerWith = <T>(answer: sendUnaryData<T>, make: () => Promise<T>): void => {
    make().then(
      (response) => answer(null, response),
      (cause: unknown) => answer(errorOf(cause, log)),
    );
  };
  const panic = panicOnce(box, clock);
  const limits: StreamLimits = { readers: 0 };
  return {
    getStatus: (_call, answer) =>
      answerWith(answer, async () => ({
        json: JSON.stringify(statusJson.parse(await box.getStatus())),
      })),
    listCalls: ({ request }, answer) =>
      answerWith(answer, async () => {
        const limit = request.limit === 0 ? CALLS_LISTED : request.limit;
        if (limit > CALLS_LISTED_MAX) throw invalid(`limit: expected at most ${CALLS_LISTED_MAX}`);
        const query = { sinceMs: request.sinceWallMs, number: checked(request.number), limit };
        const callJson: string[] = [];
        for await (const call of box.listCalls(query)) {
          callJson.push(JSON.stringify(call));
          if (callJson.length >= limit) break;
        }
        return { callJson };
      }),
    getCall: ({ request }, answer) =>
      answerWith(answer, async () => {
        const call = await box.getCall(checked(request.callId));
        if (call === undefined) throw new Refusal(status.NOT_FOUND, 'no such call');
        return { callJson: JSON.stringify(call) };
      }),
    acknowledgeAlert: ({ request }, answer) =>
      answerWith(answer, async () => {
        const alertId = request.alertId === '' ? 'all' : checked(request.alertId);
        return { acknowledged: await box.acknowledge(alertId, whoOf(request.by)) };
      }),
    panic: ({ request }, answer) =>
      answerWith(answer, async () => ({ alertId: await panic(whoOf(request.by)) })),
    createToken: ({ request }, answer) =>
      answerWith(answer, async () => {
        const role = ROLES.get(request.role);
        const days = request.days === 0 ? TOKEN_DAYS : request.days;
        if (role === undefined) throw invalid('role: expected supervisor, installer or auditor');
        if (days > TOKEN_DAYS_MAX) throw invalid(`days: expected at most ${TOKEN_DAYS_MAX}`);
        const { token, expiresAtMs } = await box.createToken(role, days);
        return { token, expiresWallMs: expiresAtMs };
      }),
    readCallAudio: (call) => void streamAudio(call, box, (cause) => errorOf(cause, log)),
    watchEvents: (call) => streamEvents(call, box, limits),
  };
}

function checked(text: string): string {
  if (text.length > TEXT_MAX) throw invalid(`expected at most ${TEXT_MAX} characters`);
  return text;
}

const whoOf = (by: string): string => (by === '' ? 'control' : checked(by));

/** Two at the same time are one as well: the second waits for the first. */
function panicOnce(box: BoxReads, clock: Clock): (by: string) => Promise<string> {
  let last: { readonly alertId: Promise<string>; readonly atMs: number } | undefined;
  return (by) => {
    const nowMs = clock.monotonicMs();
    if (last !== undefined && nowMs - last.atMs < PANIC_REPEAT_MS) return last.alertId;
    const alertId = box.panic(by);
    last = { alertId, atMs: nowMs };
    alertId.catch(() => {
      last = undefined;
    });
    return alertId;
  };
}

function errorOf(cause: unknown, log: Log): Pick<ServiceError, 'code' | 'details'> {
  if (cause instanceof Refusal) return { code: cause.code, details: cause.message };
  if (cause instanceof TatebakoError && cause.retryable) {
    // Not UNAVAILABLE, which says that the agent itself cannot be reached.
    return { code: status.ABORTED, details: `${cause.code}: ${cause.message}` };
  }
  log.error('controlFailed', { cause: messageOf(cause) });
  return { code: status.INTERNAL, details: messageOf(cause) };
}

function bind(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.bindAsync(`unix:${path}`, ServerCredentials.createInsecure(), (error) => {
      if (error === null) resolve();
      else reject(error);
    });
  });
}
