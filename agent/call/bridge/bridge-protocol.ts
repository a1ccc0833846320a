/**
 * What `agent/call` and its media worker say to each other: plain values over a MessagePort. Commands go in, events come
 * back; neither waits for the other. The worker owns the RTP sockets, relays on arrival, plays, mixes, and hears tones.
 */

/** Names one RTP stream pair: `${callId}:${leg}`. */
export type LegId = string;
/** Names one loaded announcement. */
export type PromptId = string;

/** Whose voice comes in on the leg, whichever side dialled. */
export type Speaker = 'caller' | 'staff';

/** What a leg hears. Changing it keeps our SSRC, sequence and timestamps continuous on that leg. */
export type LegSource =
  | { readonly kind: 'silence' }
  /** Forward the packets of another leg on arrival: no buffer, no decode unless the laws differ. */
  | { readonly kind: 'relay'; readonly from: LegId }
  /** A loaded prompt, paced at t0 + n × 20 ms. `repeat` for ring-back and hold music. */
  | {
      readonly kind: 'play';
      readonly promptId: PromptId;
      readonly playId: string;
      readonly repeat: boolean;
    }
  /** A tone made here: ring-back (400 Hz × 16 Hz, 1 s on, 2 s off) or busy (400 Hz, 500/500 ms). */
  | { readonly kind: 'tone'; readonly tone: 'ringback' | 'busy' | 'attention' }
  /** Decode, jitter buffer, sum, 20 ms tick: listen, whisper, join, warning. */
  | {
      readonly kind: 'mix';
      readonly from: readonly LegId[];
      readonly prompt: { readonly promptId: PromptId; readonly playId: string } | null;
    };

/** Where a leg's packets go and what they carry, from offer/answer. */
export interface LegRemote {
  /** The address that SDP named; the source guard latches the port from this address only. */
  readonly address: string;
  readonly rtpPort: number;
  readonly rtcpPort: number;
  readonly codec: 'PCMU' | 'PCMA';
  /** The static payload type of `codec` that the other side sent. */
  readonly payloadType: number;
  readonly telephoneEventPayloadType: number | null;
  readonly ptimeMs: number;
  /** What we may do: send, receive, both or neither (RFC 3264 hold). */
  readonly direction: 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';
}

export type BridgeCommand =
  /** Loads a WAV (any rate) as a prompt; answers `promptLoaded` or `promptFailed`. */
  | {
      readonly do: 'loadPrompt';
      readonly promptId: PromptId;
      readonly file: string;
      readonly maxMs: number;
    }
  /** Binds an even RTP port and its RTCP port; answers `legOpened` or `legFailed`. `port` null: any free one of the range. */
  | {
      readonly do: 'openLeg';
      readonly legId: LegId;
      readonly callId: string;
      readonly speaker: Speaker;
      readonly port: number | null;
    }
  | { readonly do: 'setRemote'; readonly legId: LegId; readonly remote: LegRemote }
  | { readonly do: 'setSource'; readonly legId: LegId; readonly source: LegSource }
  /** Sends one digit as RFC 4733, or in band where the other side has no telephone-event. */
  | {
      readonly do: 'sendDigit';
      readonly legId: LegId;
      readonly digit: string;
      readonly durationMs: number;
    }
  /** Starts or stops the taps of a leg towards recorder and detector. */
  | {
      readonly do: 'tap';
      readonly legId: LegId;
      readonly record: boolean;
      readonly detect: boolean;
    }
  /** Which tones to listen for on the leg. */
  | { readonly do: 'listenForTones'; readonly legId: LegId; readonly tones: readonly HeardTone[] }
  /** `silence` is reported once when no audio packet came for `afterMs`; null stops. */
  | { readonly do: 'watchSilence'; readonly legId: LegId; readonly afterMs: number | null }
  /** A leg goes over to another call (transfer): its taps from now on carry the new names. */
  | {
      readonly do: 'assignLeg';
      readonly legId: LegId;
      readonly callId: string;
      readonly speaker: Speaker;
    }
  | { readonly do: 'closeLeg'; readonly legId: LegId }
  | { readonly do: 'close' };

/** Tones that mean something on a line in Japan: 1100 Hz fax calling, 400 Hz 500/500 busy, 400 Hz continuous dial. */
export type HeardTone = 'faxCalling' | 'busy' | 'dial' | 'dtmf';

export type BridgeEvent =
  | { readonly name: 'ready' }
  | { readonly name: 'promptLoaded'; readonly promptId: PromptId; readonly durationMs: number }
  | { readonly name: 'promptFailed'; readonly promptId: PromptId; readonly reason: string }
  | {
      readonly name: 'legOpened';
      readonly legId: LegId;
      readonly address: string;
      readonly rtpPort: number;
    }
  | { readonly name: 'legFailed'; readonly legId: LegId; readonly reason: string }
  /** The first packet that the source guard let in, and each latch to another port. */
  | { readonly name: 'audioStarted'; readonly legId: LegId; readonly atWallMs: number }
  | {
      readonly name: 'playStarted';
      readonly legId: LegId;
      readonly playId: string;
      readonly atWallMs: number;
    }
  | {
      readonly name: 'playEnded';
      readonly legId: LegId;
      readonly playId: string;
      readonly atWallMs: number;
      readonly completed: boolean;
    }
  | {
      readonly name: 'digit';
      readonly legId: LegId;
      readonly digit: string;
      readonly durationMs: number;
      readonly way: 'rfc4733' | 'inBand';
    }
  | {
      readonly name: 'tone';
      readonly legId: LegId;
      readonly tone: HeardTone;
      readonly atWallMs: number;
    }
  | { readonly name: 'silence'; readonly legId: LegId; readonly forMs: number }
  /** Each second while the leg is open: levels for the view, and RTP health (RFC 3550 §6.4.1). */
  | { readonly name: 'legHealth'; readonly legId: LegId; readonly health: LegHealth }
  /** The last numbers of a leg, once, after `closeLeg`. */
  | { readonly name: 'legClosed'; readonly legId: LegId; readonly health: LegHealth };

/** The state of one leg's incoming stream since it was opened. */
export interface LegHealth {
  readonly packetsReceived: number;
  readonly packetsLost: number;
  readonly packetsLate: number;
  readonly packetsDuplicate: number;
  /** From addresses that SDP did not name, or malformed: dropped. */
  readonly packetsRefused: number;
  readonly packetsSent: number;
  /** RFC 3550 §A.8, ms. */
  readonly jitterMs: number;
  /** From RTCP; null while unknown. */
  readonly roundTripMs: number | null;
  /** RFC 6464: 0 (loudest) … −127 (silence), of the last second. */
  readonly levelDbov: number;
}

/** What the worker is started with. */
export interface BridgeSettings {
  readonly bindAddress: string;
  /** Goes into SDP. */
  readonly advertisedAddress: string;
  /** Even. */
  readonly firstPort: number;
  readonly lastPort: number;
  readonly legsMax: number;
  /** Decoded caller/staff audio for the detector, 100 ms a message: see DetectTap. */
  readonly detectBatchMs: number;
}

/** Raw packets of one leg, as they came, for the recorder; `packets` is a `PacketBatch` of node-mediastream, transferred. */
export interface RecordTap {
  readonly legId: LegId;
  readonly callId: string;
  readonly speaker: Speaker;
  readonly codec: 'PCMU' | 'PCMA';
  readonly packets: Uint8Array;
}

/** Decoded audio of one leg in order of its timestamps, gaps concealed; for the detector. */
export interface DetectTap {
  readonly legId: LegId;
  readonly callId: string;
  readonly speaker: Speaker;
  /** s16, 8 kHz, mono; transferred. */
  readonly samples: Int16Array;
  /** RTP timestamp of samples[0], extended to 53 bits so that it never wraps. */
  readonly startTick: number;
  /** Monotonic ms of the arrival of the last packet in it. */
  readonly arrivedMs: number;
}
