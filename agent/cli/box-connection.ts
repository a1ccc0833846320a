import { existsSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { credentials, Metadata, status, type CallOptions, type ServiceError } from '@grpc/grpc-js';
import { z } from 'zod';
import { readConfigFile } from '../../base/index.js';
import { BoxClient } from '../../proto/index.js';
import type { CliContext } from './cli-context.js';
import { CliError, EXIT } from './exit.js';
import { textsOf, type Language, type Texts } from './texts.js';

/** The options that every command takes. */
export interface GlobalOptions {
  readonly config?: string;
  readonly lang?: Language;
}

export const DEFAULT_CONFIG_FILE = 'tatebako.toml';

/** The little of the file that it takes to find the agent: a mistake elsewhere must not hide its state. */
const whereabouts = z.looseObject({
  box: z
    .looseObject({
      dataDirectory: z.string().min(1).default('data'),
      language: z.enum(['ja', 'en']).default('ja'),
      timezone: z.string().min(1).default('Asia/Tokyo'),
    })
    .prefault({}),
});

/** Where the agent of a configuration is, and how to speak to its people. */
export interface BoxPlace {
  readonly configFile: string;
  readonly hasConfig: boolean;
  /** Absolute. */
  readonly socketPath: string;
  readonly timeZone: string;
  readonly texts: Texts;
}

/** @throws {ConfigError} when the file is there and broken, or was named and is not there */
export function locateBox(options: GlobalOptions, context: CliContext): BoxPlace {
  const configFile = resolve(context.workingDirectory, options.config ?? DEFAULT_CONFIG_FILE);
  const hasConfig = options.config !== undefined || existsSync(configFile);
  const { box } = hasConfig ? readConfigFile(configFile, whereabouts) : whereabouts.parse({});
  return {
    configFile: relative(context.workingDirectory, configFile),
    hasConfig,
    socketPath: resolve(dirname(configFile), box.dataDirectory, 'run/agent.sock'),
    timeZone: box.timezone,
    texts: textsOf(options.lang ?? box.language),
  };
}

type Answer<Response> = (error: ServiceError | null, response: Response) => void;

/** The agent of one configuration, as long as one command lasts. */
export class BoxConnection {
  readonly place: BoxPlace;
  readonly client: BoxClient;
  readonly #context: CliContext;

  constructor(place: BoxPlace, context: CliContext) {
    this.place = place;
    this.#context = context;
    this.client = new BoxClient(`unix:${place.socketPath}`, credentials.createInsecure());
  }

  /** @param deadlineMs as box.proto says of the rpc */
  options(deadlineMs: number): Partial<CallOptions> {
    return { deadline: this.#context.clock.wallMs() + deadlineMs };
  }

  /**
   * One rpc.
   * @throws {CliError} with what it means to the person; `callId` for calls that are not there
   */
  ask<Response>(
    deadlineMs: number,
    call: (metadata: Metadata, options: Partial<CallOptions>, answer: Answer<Response>) => unknown,
    callId = '',
  ): Promise<Response> {
    return new Promise((resolve, reject) => {
      call(new Metadata(), this.options(deadlineMs), (error, response) => {
        if (error === null) resolve(response);
        else reject(this.errorOf(error, callId));
      });
    });
  }

  errorOf(error: { readonly code: status; readonly details: string }, callId: string): CliError {
    const { texts, socketPath, configFile, hasConfig } = this.place;
    const cause = { cause: error };
    switch (error.code) {
      case status.NOT_FOUND:
        return new CliError(EXIT.noSuchThing, texts.noSuchCall(callId), cause);
      case status.FAILED_PRECONDITION:
        return new CliError(EXIT.noSuchThing, texts.noRecording(callId), cause);
      case status.INVALID_ARGUMENT:
        return new CliError(EXIT.usage, error.details, cause);
      case status.INTERNAL:
      case status.UNKNOWN:
        return new CliError(EXIT.bug, error.details, cause);
      case status.UNAVAILABLE:
      case status.DEADLINE_EXCEEDED: {
        const away = texts.unreachable(socketPath, configFile);
        const message = hasConfig ? away : `${away}\n${texts.noConfigFile(configFile)}`;
        return new CliError(EXIT.unreachable, message, cause);
      }
      default:
        return new CliError(EXIT.unreachable, error.details, cause);
    }
  }

  close(): void {
    this.client.close();
  }
}

/** Runs `use` with a connection that is closed afterwards, whatever happens. */
export async function withBox<T>(
  options: GlobalOptions,
  context: CliContext,
  use: (box: BoxConnection) => Promise<T>,
): Promise<T> {
  const box = new BoxConnection(locateBox(options, context), context);
  try {
    return await use(box);
  } finally {
    box.close();
  }
}
