import type { Prompt, RtpSocket, RtpSocketOptions } from 'node-mediastream';
import type { Clock, Random } from '../../../base/index.js';
import type { BridgeEvent, DetectTap, LegId, RecordTap } from './bridge-protocol.js';

/** What the bridge uses of an `RtpSocket`. */
export type MediaSocket = Pick<
  RtpSocket,
  'rtpPort' | 'sendBuffer' | 'sendRtp' | 'sendRtcp' | 'close'
>;

/** Something that went wrong and that no call notices: for the log. */
export interface BridgeFault {
  /** A stable name: `listenerCutOff`, `socketError`, `commandRefused`, `tapClosed`. */
  readonly what: string;
  readonly legId: LegId | null;
  readonly message: string;
}

/** The world around the bridge. */
export interface BridgeEnvironment {
  readonly clock: Clock;
  readonly random: Random;
  /** @throws {RtpSocketError} */
  readonly openSocket: (options: RtpSocketOptions) => Promise<MediaSocket>;
  /** Reads and resamples a WAV away from this thread. @throws {Error} whose message says what is wrong */
  readonly loadPrompt: (file: string, maxMs: number) => Promise<Prompt>;
  readonly onEvent: (event: BridgeEvent) => void;
  readonly onFault: (fault: BridgeFault) => void;
}

/** Where taps go; may be put in later, or changed when a listener was restarted. */
export interface TapOutlets {
  /** null: packets wait, 1 MiB a leg at most. */
  readonly record: ((tap: RecordTap) => void) | null;
  /** null: audio is dropped. */
  readonly detect: ((tap: DetectTap) => void) | null;
}
