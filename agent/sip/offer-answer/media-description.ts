/** What we read from, and write into, an SDP (RFC 8866) for one audio stream. */
export interface MediaDescription {
  /** IP of `c=`; `0.0.0.0` is an old spelling of hold. */
  readonly address: string;
  readonly rtpPort: number;
  readonly rtcpPort: number;
  /** In order of preference: the G.711 laws that are offered, by their static payload types (RFC 3551). */
  readonly codecs: readonly ('PCMU' | 'PCMA')[];
  /** Payload type of telephone-event/8000 (RFC 4733); null when not offered. */
  readonly telephoneEventPayloadType: number | null;
  readonly ptimeMs: number;
  /** As written from the writer's point of view. `c=0.0.0.0` reads as `inactive`… see `isHold`. */
  readonly direction: 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';
}
