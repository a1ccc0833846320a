import type { MessagePort } from 'node:worker_threads';

import type { RecorderLimits } from './recorder-limits.js';
import type { RecordedCodec, RecordedSpeaker, RecordingGap } from './segment-format.js';

/** Raw packets of one leg from the media worker; `packets` is a `PacketBatch` of node-mediastream. */
export interface TappedPackets {
  readonly legId: string;
  readonly callId: string;
  readonly speaker: RecordedSpeaker;
  readonly codec: RecordedCodec;
  readonly packets: Uint8Array;
}

export interface BeginOptions {
  /** Keep it in memory until `commit`: a call that nobody answers leaves no file. */
  readonly heldUntilAnswered: boolean;
  /** Unix ms: names the folder. Now, unless a call is taken up again after a restart. */
  readonly beganAtWallMs?: number;
}

/** What one leg's track came to. */
export interface RecordedLeg {
  readonly legId: string;
  readonly speaker: RecordedSpeaker;
  readonly codec: RecordedCodec;
  readonly packets: number;
  /** By sequence numbers: lost in the network before us. */
  readonly lost: number;
}

/** A gap and whose voice is missing. */
export interface LegGap extends RecordingGap {
  readonly legId: string;
  readonly speaker: RecordedSpeaker;
}

/** What a recording came to. */
export interface RecordingSummary {
  readonly callId: string;
  /** Segment files, relative to the folder of recordings; none when nothing was answered. */
  readonly files: readonly string[];
  readonly bytes: number;
  /** Unix ms of the first packet's arrival; null when none came. */
  readonly startedWallMs: number | null;
  /** From the first to the last packet of either side. */
  readonly durationMs: number;
  readonly gaps: readonly LegGap[];
  readonly legs: readonly RecordedLeg[];
  /** The sum over the legs. */
  readonly lost: number;
}

/** Towards the worker. */
export type RecorderCommand =
  /** The first. */
  | { readonly do: 'start'; readonly settings: RecorderSettings }
  | { readonly do: 'begin'; readonly callId: string; readonly options: BeginOptions }
  | { readonly do: 'commit' | 'discard' | 'end'; readonly callId: string }
  /** TappedPackets come in over this port until it is closed. */
  | { readonly do: 'listen'; readonly port: MessagePort }
  | { readonly do: 'close' };

/** From the worker. */
export type RecorderEvent =
  | { readonly name: 'ended'; readonly callId: string; readonly summary: RecordingSummary }
  | { readonly name: 'storageFailed'; readonly reason: string }
  | { readonly name: 'storageRecovered' }
  /** Packets that are gone for good; known once storage takes the next ones, or the call has ended. */
  | { readonly name: 'gap'; readonly callId: string; readonly gap: LegGap }
  /** Over `recordingsMax` or `tracksMax`: the call goes on unrecorded, which is an alarm. */
  | { readonly name: 'refused'; readonly callId: string; readonly reason: string }
  | { readonly name: 'closed' };

/** What the worker is started with. */
export interface RecorderSettings {
  /** The folder of recordings. */
  readonly directory: string;
  readonly limits: RecorderLimits;
}
