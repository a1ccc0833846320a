import { credentials, Metadata, type CallOptions, type ServiceError } from '@grpc/grpc-js';
import { z } from 'zod';
import { messageOf, type Clock } from '../../base/index.js';
import { BoxClient } from '../../proto/index.js';
import { parseJsonLine } from '../peer/json-lines.js';
import { parseWatchEvent, type WatchEvent } from '../view/index.js';

/** As box.proto says. */
const DEADLINE_MS = 2_000;
const AUDIO_DEADLINE_MS = 60_000;
/** A call of the demonstration is a minute long: 2 channels × 16 bit × 8 kHz make 2 MB. */
const AUDIO_BYTES_MAX = 64 * 1_024 * 1_024;

/** What is needed of `GetStatus`. */
const boxStatus = z.object({
  line: z.object({ state: z.string(), reason: z.string().nullish() }),
  phones: z.array(z.object({ extension: z.string(), registered: z.boolean() })),
  detector: z.object({ state: z.string(), reason: z.string().nullish() }),
});
export type BoxStatus = z.infer<typeof boxStatus>;

/** What is needed of a call's record. */
const storedCall = z.looseObject({
  id: z.string(),
  endedAtMs: z.number().nullable(),
  recording: z.looseObject({ bytes: z.number(), durationMs: z.number() }).nullable(),
});
export type StoredCall = z.infer<typeof storedCall>;

type Answer<Response> = (error: ServiceError | null, response: Response) => void;

/** The agent's own service, by its socket. */
export class BoxLink {
  readonly #client: BoxClient;
  readonly #clock: Clock;

  constructor(socketPath: string, clock: Clock) {
    this.#client = new BoxClient(`unix:${socketPath}`, credentials.createInsecure());
    this.#clock = clock;
  }

  /** @returns null while the agent does not answer */
  async status(): Promise<BoxStatus | null> {
    try {
      const { json } = await this.#ask<{ json: string }>((metadata, options, answer) =>
        this.#client.getStatus({}, metadata, options, answer),
      );
      return parseJsonLine(json, boxStatus);
    } catch {
      // Still starting, or gone: whoever asks goes on asking, and the process's end is told apart.
      return null;
    }
  }

  /** @param onEnded the stream broke: the agent is gone */
  watch(onEvent: (event: WatchEvent) => void, onEnded: (why: string) => void): void {
    const stream = this.#client.watchEvents({ levels: true });
    stream.on('data', ({ json }: { readonly json: string }) => {
      const event = parseWatchEvent(json);
      if (event !== null) onEvent(event);
    });
    stream.on('error', (cause) => onEnded(messageOf(cause)));
    stream.on('end', () => onEnded('end'));
  }

  /** @throws {ServiceError} (rejects) */
  async acknowledge(alertId: string, by: string): Promise<void> {
    await this.#ask((metadata, options, answer) =>
      this.#client.acknowledgeAlert({ alertId, by }, metadata, options, answer),
    );
  }

  /** @returns the record as JSON and what we need of it; null when it is none that we can read */
  async call(callId: string): Promise<{ json: string; record: StoredCall } | null> {
    const { callJson: json } = await this.#ask<{ callJson: string }>((metadata, options, answer) =>
      this.#client.getCall({ callId }, metadata, options, answer),
    );
    const record = parseJsonLine(json, storedCall);
    return record === null ? null : { json, record };
  }

  /** @returns the stereo WAV, left = caller, right = staff */
  audio(callId: string): Promise<Buffer> {
    const stream = this.#client.readCallAudio(
      { callId },
      new Metadata(),
      this.#deadline(AUDIO_DEADLINE_MS),
    );
    return new Promise((resolve, reject) => {
      const parts: Uint8Array[] = [];
      let bytes = 0;
      stream.on('data', ({ wav }: { readonly wav: Uint8Array }) => {
        bytes += wav.byteLength;
        if (bytes > AUDIO_BYTES_MAX) stream.cancel();
        else parts.push(wav);
      });
      stream.on('error', reject);
      stream.on('end', () => resolve(Buffer.concat(parts)));
    });
  }

  close(): void {
    this.#client.close();
  }

  #ask<Response>(
    call: (metadata: Metadata, options: Partial<CallOptions>, answer: Answer<Response>) => unknown,
  ): Promise<Response> {
    return new Promise((resolve, reject) => {
      call(new Metadata(), this.#deadline(DEADLINE_MS), (error, response) => {
        if (error === null) resolve(response);
        else reject(error);
      });
    });
  }

  #deadline(afterMs: number): Partial<CallOptions> {
    return { deadline: this.#clock.wallMs() + afterMs };
  }
}
