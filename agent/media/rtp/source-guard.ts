import type { RtpPacket } from './rtp-packet.js';

/** A forward step of this many sequence numbers is a restart, not loss: 60 s at 20 ms (RFC 3550 §A.1). */
export const MAX_DROPOUT = 3_000;
/** A backward step of this many is a restart, not reordering (RFC 3550 §A.1). */
export const MAX_MISORDER = 100;
/** A source unheard for this long has gone: its successor needs no second packet to prove itself, ms. */
export const SOURCE_SILENT_MS = 200;

/** Whom the SDP of the other side named. */
export interface GuardedRemote {
  /** IP as the socket prints it. */
  readonly address: string;
  readonly port: number;
  /** Payload types that the answer allows: 0 or 8, 13, telephone-event. */
  readonly payloadTypes: readonly number[];
}

/** Why a packet was let in. All but `accepted` mean: what follows is a new stream. */
export type SourceAcceptance =
  | 'accepted'
  /** The first from this port: of the call, after `setRemote`, or from the port of the SDP at last. */
  | 'latched'
  | 'ssrcChanged'
  /** Same SSRC, sequence numbers from somewhere else. */
  | 'restarted';

/** Why a packet was dropped. */
export type SourceRefusal =
  | 'noRemote'
  | 'wrongAddress'
  | 'wrongPort'
  | 'payloadType'
  /** The first packet of a new SSRC while the old one still talks. */
  | 'ssrcUnproven'
  | 'sequenceJump';

export type SourceVerdict = SourceAcceptance | SourceRefusal;

const refusals: Readonly<Record<SourceVerdict, boolean>> = {
  accepted: false,
  latched: false,
  ssrcChanged: false,
  restarted: false,
  noRemote: true,
  wrongAddress: true,
  wrongPort: true,
  payloadType: true,
  ssrcUnproven: true,
  sequenceJump: true,
};

/** @returns whether the packet must be dropped */
export function isRefused(verdict: SourceVerdict): verdict is SourceRefusal {
  return refusals[verdict];
}

/**
 * Decides for each packet of one leg whether it is the other side talking (RFC 3550 §A.1).
 *
 * There is no probation: a telephone must not lose the first syllable. The port is latched by the
 * first good packet from the address in the SDP; later only the very port of the SDP may take it
 * over, so that the stray last packets of an earlier call cannot deafen this one.
 */
export class SourceGuard {
  readonly #counts: Record<SourceVerdict, number> = {
    accepted: 0,
    latched: 0,
    ssrcChanged: 0,
    restarted: 0,
    noRemote: 0,
    wrongAddress: 0,
    wrongPort: 0,
    payloadType: 0,
    ssrcUnproven: 0,
    sequenceJump: 0,
  };
  readonly #allowed = new Uint8Array(128);
  #remote: GuardedRemote | null = null;
  #latchedPort: number | null = null;
  #ssrc = 0;
  #maxSequence = 0;
  #badSequence: number | null = null;
  #lastAcceptedMs = 0;
  #candidateSsrc: number | null = null;
  #candidateNext = 0;

  /** Takes the other side's SDP; the next packet from its address latches the port anew. */
  setRemote(remote: GuardedRemote): void {
    this.#remote = remote;
    this.#latchedPort = null;
    this.#allowed.fill(0);
    for (const payloadType of remote.payloadTypes) this.#allowed[payloadType] = 1;
  }

  /** The port that the other side really sends from; null until its first packet. */
  get latchedPort(): number | null {
    return this.#latchedPort;
  }

  /** Packets by verdict since the leg was opened. */
  get counts(): Readonly<Record<SourceVerdict, number>> {
    return this.#counts;
  }

  /** The sum of all that was dropped. */
  get refusedCount(): number {
    const counts = this.#counts;
    return (
      counts.noRemote +
      counts.wrongAddress +
      counts.wrongPort +
      counts.payloadType +
      counts.ssrcUnproven +
      counts.sequenceJump
    );
  }

  /** @param nowMs monotonic arrival */
  check(packet: RtpPacket, address: string, port: number, nowMs: number): SourceVerdict {
    const verdict = this.#judge(packet, address, port, nowMs);
    this.#counts[verdict]++;
    if (!refusals[verdict]) {
      this.#lastAcceptedMs = nowMs;
      this.#candidateSsrc = null;
    }
    return verdict;
  }

  #judge(packet: RtpPacket, address: string, port: number, nowMs: number): SourceVerdict {
    const remote = this.#remote;
    if (remote === null) return 'noRemote';
    if (address !== remote.address) return 'wrongAddress';
    const isLatched = port === this.#latchedPort;
    if (!isLatched && this.#latchedPort !== null && port !== remote.port) return 'wrongPort';
    if (this.#allowed[packet.payloadType] !== 1) return 'payloadType';
    if (!isLatched) {
      this.#latchedPort = port;
      this.#begin(packet);
      return 'latched';
    }
    if (packet.ssrc !== this.#ssrc) return this.#judgeNewSsrc(packet, nowMs);
    return this.#judgeSequence(packet, nowMs);
  }

  /** Two in a row, with none of the old source between: two sources that alternate must not flap. */
  #judgeNewSsrc(packet: RtpPacket, nowMs: number): SourceVerdict {
    const isProven =
      this.#candidateSsrc === packet.ssrc && this.#candidateNext === packet.sequenceNumber;
    if (isProven || this.#isSilent(nowMs)) {
      this.#begin(packet);
      return 'ssrcChanged';
    }
    this.#candidateSsrc = packet.ssrc;
    this.#candidateNext = (packet.sequenceNumber + 1) & 0xffff;
    return 'ssrcUnproven';
  }

  #judgeSequence(packet: RtpPacket, nowMs: number): SourceVerdict {
    const ahead = (packet.sequenceNumber - this.#maxSequence) & 0xffff;
    if (ahead < MAX_DROPOUT) {
      this.#maxSequence = packet.sequenceNumber;
      this.#badSequence = null;
      return 'accepted';
    }
    // Reordered or doubled: whoever orders packets decides what it is worth.
    if (ahead > 0x1_0000 - MAX_MISORDER) return 'accepted';
    if (packet.sequenceNumber === this.#badSequence || this.#isSilent(nowMs)) {
      this.#begin(packet);
      return 'restarted';
    }
    this.#badSequence = (packet.sequenceNumber + 1) & 0xffff;
    return 'sequenceJump';
  }

  #isSilent(nowMs: number): boolean {
    return nowMs - this.#lastAcceptedMs >= SOURCE_SILENT_MS;
  }

  #begin(packet: RtpPacket): void {
    this.#ssrc = packet.ssrc;
    this.#maxSequence = packet.sequenceNumber;
    this.#badSequence = null;
  }
}
