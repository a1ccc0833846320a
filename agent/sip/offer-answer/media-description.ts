/** The G.711 laws (RFC 3551 §4.5.14). */
export type Codec = 'PCMU' | 'PCMA';

/** RFC 8866 §6.7. */
export type Direction = 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';

/** What we read from, and write into, an SDP (RFC 8866) for one audio stream. */
export interface MediaDescription {
  /** IP of `c=`; `0.0.0.0` is an old spelling of hold. */
  readonly address: string;
  readonly rtpPort: number;
  readonly rtcpPort: number;
  /** In order of preference: the G.711 laws that are offered, by their static payload types (RFC 3551). */
  readonly codecs: readonly Codec[];
  /** The payload type of each of `codecs`; absent means the static ones, 0 and 8. */
  readonly payloadTypes?: readonly number[];
  /** Payload type of telephone-event/8000 (RFC 4733); null when not offered. */
  readonly telephoneEventPayloadType: number | null;
  readonly ptimeMs: number;
  /** As written from the writer's point of view. `c=0.0.0.0` reads as `inactive`… see `isHold`. */
  readonly direction: Direction;
}
