/** An RTP packet of G.711: one octet is one tick of the 8 kHz clock (RFC 3551 §4.5.14). */
export interface JitterPacket {
  readonly sequenceNumber: number;
  readonly rtpTimestamp: number;
  readonly ssrc: number;
  readonly marker: boolean;
  /** Any length up to 60 ms (480 octets); copied. */
  readonly payload: Uint8Array;
}

/** Why there is nothing to play: never sent (DTX), never came, not here yet, or held back to grow the buffer. */
export type GapCause = 'silence' | 'lost' | 'underrun' | 'inserted';

export type JitterPull =
  | { readonly kind: 'packet'; readonly payload: Uint8Array; readonly rtpTimestamp: number }
  | { readonly kind: 'gap'; readonly cause: GapCause; readonly rtpTimestamp: number }
  /** Nothing has come yet, or the first packet is not yet due. */
  | { readonly kind: 'empty' };

export interface JitterCounts {
  received: number;
  /** Came after its time had passed. */
  late: number;
  /** Never came, as far as was known when the next one was played. */
  lost: number;
  duplicate: number;
  reordered: number;
  /** Empty, too long, overlapping another, or of a stream that was just replaced. */
  refused: number;
  /** Thrown away unplayed, because more waited than delay allows. */
  overrun: number;
  ssrcChanges: number;
  timestampJumps: number;
  /** 20 ms frames added to grow, left out to shrink. */
  framesInserted: number;
  framesDropped: number;
}

export function zeroCounts(): JitterCounts {
  return {
    received: 0,
    late: 0,
    lost: 0,
    duplicate: 0,
    reordered: 0,
    refused: 0,
    overrun: 0,
    ssrcChanges: 0,
    timestampJumps: 0,
    framesInserted: 0,
    framesDropped: 0,
  };
}
