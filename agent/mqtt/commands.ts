import { z } from 'zod';
import { messageOf, type Clock } from '../../base/index.js';
import type { CommandName } from './payloads.js';

/** A request older than this is refused, ms. */
export const COMMAND_AGE_MAX_MS = 60_000;
/** The largest request, bytes. */
export const REQUEST_MAX_BYTES = 4_096;
/** How many answers are kept for requests that come twice. */
export const ANSWERS_MAX = 256;

const head = {
  /** Chosen by whoever asks; the same id again is the same request. */
  id: z.string().min(1).max(64),
  /** When it was asked; absent, it counts as asked now. */
  at: z.iso.datetime({ offset: true, local: false }).optional(),
};
const requests = {
  acknowledge: z.object({
    ...head,
    /** Absent: all that stand. */
    alertId: z.string().min(1).max(64).optional(),
    by: z.string().min(1).max(64).optional(),
  }),
  testAlarm: z.object({
    ...head,
    level: z.union([z.literal(1), z.literal(2), z.literal(3)]).default(1),
  }),
  lamp: z.object({
    ...head,
    /** A name of the configuration; absent: all lamps. */
    lamp: z.string().min(1).max(32).optional(),
    level: z.union([z.literal(0), z.literal(1), z.literal(2), z.literal(3)]),
  }),
} as const;

export type AcknowledgeCommand = z.infer<typeof requests.acknowledge>;
export type TestAlarmCommand = z.infer<typeof requests.testAlarm>;
export type LampCommand = z.infer<typeof requests.lamp>;

/** Who carries commands out; a string that comes back says why it could not be done. */
export interface CommandTargets {
  acknowledge(command: AcknowledgeCommand): Promise<string | null>;
  testAlarm(command: TestAlarmCommand): Promise<string | null>;
  lamp(command: LampCommand): Promise<string | null>;
}

export interface CommandAnswer {
  /** null when the request's own could not be read. */
  readonly id: string | null;
  readonly ok: boolean;
  readonly error: string | null;
}

type Parsed<T> = { readonly request: T } | { readonly answer: CommandAnswer };

/** Carries out requests, each once: a repeat gets the answer of the first. */
export class Commands {
  readonly #targets: CommandTargets;
  readonly #clock: Clock;
  readonly #answers = new Map<string, Promise<CommandAnswer>>();

  constructor(targets: CommandTargets, clock: Clock) {
    this.#targets = targets;
    this.#clock = clock;
  }

  /** @param isRetained it stood at the broker, for how long nobody knows: refused */
  answer(name: CommandName, payload: Buffer, isRetained: boolean): Promise<CommandAnswer> {
    switch (name) {
      case 'acknowledge':
        return this.#run(name, this.#parse(requests.acknowledge, payload, isRetained), (request) =>
          this.#targets.acknowledge(request),
        );
      case 'testAlarm':
        return this.#run(name, this.#parse(requests.testAlarm, payload, isRetained), (request) =>
          this.#targets.testAlarm(request),
        );
      case 'lamp':
        return this.#run(name, this.#parse(requests.lamp, payload, isRetained), (request) =>
          this.#targets.lamp(request),
        );
    }
  }

  #run<T extends { readonly id: string }>(
    name: CommandName,
    parsed: Parsed<T>,
    act: (request: T) => Promise<string | null>,
  ): Promise<CommandAnswer> {
    if ('answer' in parsed) return Promise.resolve(parsed.answer);
    const { id } = parsed.request;
    const key = `${name}/${id}`;
    const known = this.#answers.get(key);
    if (known !== undefined) return known;
    const answer = carryOut(id, () => act(parsed.request));
    this.#answers.set(key, answer);
    const [oldest] = this.#answers.keys();
    if (this.#answers.size > ANSWERS_MAX && oldest !== undefined) this.#answers.delete(oldest);
    return answer;
  }

  #parse<T extends { readonly id: string; readonly at?: string | undefined }>(
    schema: z.ZodType<T>,
    payload: Buffer,
    isRetained: boolean,
  ): Parsed<T> {
    if (payload.length > REQUEST_MAX_BYTES) {
      return refuse(null, `larger than ${REQUEST_MAX_BYTES} bytes`);
    }
    const value = parseJson(payload);
    const parsed = schema.safeParse(value);
    if (!parsed.success) return refuse(idOf(value), problemsOf(parsed.error));
    const request = parsed.data;
    if (isRetained)
      return refuse(request.id, 'retained commands are refused: nobody knows their age');
    const askedMs = request.at === undefined ? null : globalThis.Date.parse(request.at);
    if (askedMs !== null && this.#clock.wallMs() - askedMs > COMMAND_AGE_MAX_MS) {
      return refuse(request.id, `expired: older than ${COMMAND_AGE_MAX_MS / 1_000} s`);
    }
    return { request };
  }
}

const refuse = (id: string | null, error: string): { readonly answer: CommandAnswer } => ({
  answer: { id, ok: false, error },
});

async function carryOut(id: string, act: () => Promise<string | null>): Promise<CommandAnswer> {
  try {
    const error = await act();
    return { id, ok: error === null, error };
  } catch (cause) {
    return { id, ok: false, error: messageOf(cause) };
  }
}

function parseJson(payload: Buffer): unknown {
  try {
    return JSON.parse(payload.toString('utf8'));
  } catch {
    // Not JSON: the schema says what was expected.
    return undefined;
  }
}

function idOf(value: unknown): string | null {
  const parsed = z.object({ id: head.id }).safeParse(value);
  return parsed.success ? parsed.data.id : null;
}

/** The first few suffice to mend a request. */
const problemsOf = (error: z.ZodError): string =>
  error.issues
    .slice(0, 5)
    .map((issue) => `${issue.path.map(String).join('.') || 'request'}: ${issue.message}`)
    .join('; ');
