import type { CallJson, StatusJson, WatchedEventJson } from '../../proto/index.js';

/** A call that has no recording is not a call that does not exist. */
export type AudioRead =
  | { readonly found: 'audio'; readonly wav: AsyncIterable<Uint8Array> }
  | { readonly found: 'noRecording' }
  | { readonly found: 'noCall' };

export interface CallQuery {
  /** Unix ms; 0: from the first. */
  readonly sinceMs: number;
  /** National digits or a part of them; empty: all. */
  readonly number: string;
  /** 1…CALLS_LISTED_MAX. */
  readonly limit: number;
}

/** Roles of a token, from the least. */
export type TokenRole = 'supervisor' | 'installer' | 'auditor';

export interface NewToken {
  readonly token: string;
  readonly expiresAtMs: number;
}

/** What the rest of the agent answers to this room: built in main.ts. */
export interface BoxReads {
  getStatus(): StatusJson | Promise<StatusJson>;
  /** Newest first, at most `limit`. */
  listCalls(query: CallQuery): AsyncIterable<CallJson>;
  /** undefined: no such call. */
  getCall(callId: string): Promise<CallJson | undefined>;
  readAudio(callId: string): Promise<AudioRead>;
  /** @returns how many alerts this acknowledged; none when it was done before */
  acknowledge(alertId: string, by: string): Promise<number>;
  /** @returns the id of the alert */
  panic(by: string): Promise<string>;
  createToken(role: TokenRole, days: number): Promise<NewToken>;
  /** Every event from now on. The listener must not wait, and is cheap. @returns ends it */
  subscribe(listener: (event: WatchedEventJson) => void): () => void;
}
