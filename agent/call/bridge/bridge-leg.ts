import {
  createRtpPacket,
  decodeRtpPacket,
  isRefused,
  ReceptionStatistics,
  RTP_HEADER_BYTES,
  RtcpReporter,
  SEND_BYTES_MAX,
  SourceGuard,
} from 'node-mediastream';
import { messageOf, randomHex, type Timer } from '../../../base/index.js';
import type { BridgeEnvironment, MediaSocket, TapOutlets } from './bridge-environment.js';
import type { BridgeSettings, LegHealth, LegId, LegRemote } from './bridge-protocol.js';
import { every } from './every.js';
import { COMFORT_NOISE, type HeardPacket, type PacketListener } from './heard-packet.js';
import { decodeLaw } from './law.js';
import { LegEar } from './leg-ear.js';
import { LegOutput } from './leg-output.js';
import { DetectTapWriter, RecordTapWriter, type TapNames } from './leg-taps.js';
import type { MixVoice } from './mix-audio.js';
import type { PromptShelf } from './prompt-shelf.js';
import { SilenceWatch } from './silence-watch.js';

const HEALTH_MS = 1_000;
const FLUSH_MS = 200;
/** A longer payload does not fit into a packet of ours, and is no telephone's: refused. */
const PAYLOAD_BYTES_MAX = SEND_BYTES_MAX - RTP_HEADER_BYTES;

export interface BridgeLegOptions {
  readonly legId: LegId;
  readonly names: TapNames;
  readonly environment: BridgeEnvironment;
  readonly settings: BridgeSettings;
  readonly shelf: PromptShelf;
  readonly outlets: () => TapOutlets;
}

/**
 * One leg: a pair of ports, what comes in on it and what goes out.
 *
 *   datagram -> decode -> source guard -+-> relay to the legs that hear this one, first and whatever follows
 *                                       +-> reception statistics, RTCP
 *                                       +-> listeners: record, detect, ear, mixes; each may fail alone
 */
export class BridgeLeg {
  readonly legId: LegId;
  readonly output: LegOutput;
  readonly ear: LegEar;
  readonly #environment: BridgeEnvironment;
  readonly #record: RecordTapWriter;
  readonly #detect: DetectTapWriter;
  readonly #silence: SilenceWatch;
  readonly #guard = new SourceGuard();
  readonly #reception = new ReceptionStatistics();
  readonly #rtcp: RtcpReporter;
  readonly #packet = createRtpPacket();
  readonly #heard: HeardPacket;
  readonly #samples = new Int16Array(PAYLOAD_BYTES_MAX);
  #listeners: readonly PacketListener[];
  #relayTo: readonly LegOutput[] = [];
  #mixInto: readonly MixVoice[] = [];
  #socket: MediaSocket | null = null;
  #remote: LegRemote | null = null;
  #timers: readonly Timer[] = [];
  #malformedCount = 0;

  constructor({ legId, names, environment, settings, shelf, outlets }: BridgeLegOptions) {
    const { clock, random, onEvent } = environment;
    const tap = { legId, clock, outlets };
    this.legId = legId;
    this.#environment = environment;
    this.output = new LegOutput(
      {
        legId,
        clock,
        random,
        shelf,
        onEvent,
        onSent: (payloadBytes, rtpTimestamp) => this.#rtcp.noteSent(payloadBytes, rtpTimestamp),
      },
      names.speaker,
    );
    this.ear = new LegEar({
      legId,
      clock,
      onEvent,
      onDigit: (digit, durationMs) => {
        for (const output of this.#relayTo) output.relayDigit(digit, durationMs);
      },
    });
    this.#record = new RecordTapWriter(tap, names);
    this.#detect = new DetectTapWriter(tap, names, settings.detectBatchMs);
    this.#listeners = [this.#record, this.ear, this.#detect];
    this.#silence = new SilenceWatch(clock, (forMs) => onEvent({ name: 'silence', legId, forMs }));
    this.#heard = {
      packet: this.#packet,
      kind: 'audio',
      codec: 'PCMU',
      payload: new Uint8Array(0),
      samples: this.#samples,
      arrivalMs: 0,
    };
    this.#rtcp = new RtcpReporter({
      clock,
      ssrc: this.output.ssrc,
      canonicalName: randomHex(random, 8),
      reception: this.#reception,
      random: () => random.fraction(),
      send: (datagram) => this.#sendRtcp(datagram),
    });
  }

  get remote(): LegRemote | null {
    return this.#remote;
  }

  /** The ports are there. */
  attach(socket: MediaSocket): void {
    const { clock, onEvent } = this.#environment;
    const { legId } = this;
    this.#socket = socket;
    this.output.setSocket(socket);
    this.#timers = [
      every(clock, FLUSH_MS, () => this.#try(this.#record, () => this.#record.flush())),
      every(clock, HEALTH_MS, () => onEvent({ name: 'legHealth', legId, health: this.#health() })),
    ];
    if (this.#remote !== null) this.#rtcp.start();
  }

  setRemote(remote: LegRemote): void {
    const before = this.#remote;
    this.#remote = remote;
    if (before === null || !isSameStream(before, remote)) {
      const { address, rtpPort, payloadType, telephoneEventPayloadType } = remote;
      const payloadTypes = [payloadType, COMFORT_NOISE];
      if (telephoneEventPayloadType !== null) payloadTypes.push(telephoneEventPayloadType);
      this.#guard.setRemote({ address, port: rtpPort, payloadTypes });
      this.output.setLatchedPort(null);
    }
    this.output.setRemote(remote);
    if (this.#socket !== null) this.#rtcp.start();
  }

  /** Who hears this leg from now on. */
  setHearers(relayTo: readonly LegOutput[], mixInto: readonly MixVoice[]): void {
    this.#relayTo = relayTo;
    this.#mixInto = mixInto;
  }

  tap(record: boolean, detect: boolean): void {
    this.#try(this.#record, () => this.#record.turn(record));
    this.#try(this.#detect, () => this.#detect.turn(detect));
  }

  watchSilence(afterMs: number | null): void {
    this.#silence.watch(afterMs);
  }

  assign(names: TapNames): void {
    this.#try(this.#record, () => this.#record.assign(names));
    this.#try(this.#detect, () => this.#detect.assign(names));
    this.output.setSpeaker(names.speaker);
  }

  /** Ends the leg and flushes its taps. @returns its last numbers, once its ports are free */
  async close(): Promise<LegHealth> {
    for (const timer of this.#timers) timer.cancel();
    this.#silence.watch(null);
    this.output.close();
    this.#try(this.ear, () => this.ear.end());
    this.#try(this.#record, () => this.#record.flush());
    this.#try(this.#detect, () => this.#detect.end());
    this.#rtcp.stop();
    const health = this.#health();
    const socket = this.#socket;
    this.#socket = null;
    await socket?.close();
    return health;
  }

  /** A datagram on the RTP port, from whoever. */
  readonly onRtp = (
    datagram: Uint8Array,
    address: string,
    port: number,
    arrivalMs: number,
  ): void => {
    const packet = this.#packet;
    const fault = decodeRtpPacket(datagram, packet);
    if (fault !== 'ok' || packet.payloadEnd - packet.payloadStart > PAYLOAD_BYTES_MAX) {
      this.#malformedCount++;
      return;
    }
    const verdict = this.#guard.check(packet, address, port, arrivalMs);
    if (isRefused(verdict)) return;
    for (const output of this.#relayTo) output.relay(packet, arrivalMs);
    if (verdict === 'latched') this.#onLatched(port);
    this.#silence.note(arrivalMs);
    this.#listen(arrivalMs);
  };

  readonly onRtcp = (
    datagram: Uint8Array,
    address: string,
    _port: number,
    arrivalMs: number,
  ): void => {
    if (address !== this.#remote?.address) this.#malformedCount++;
    else if (this.#rtcp.receive(datagram, arrivalMs) !== 'ok') this.#malformedCount++;
  };

  #onLatched(port: number): void {
    const { clock, onEvent } = this.#environment;
    this.output.setLatchedPort(port);
    onEvent({ name: 'audioStarted', legId: this.legId, atWallMs: clock.wallMs() });
  }

  #listen(arrivalMs: number): void {
    const remote = this.#remote;
    if (remote === null) return;
    const heard = this.#heard;
    const { datagram, payloadStart, payloadEnd, payloadType } = this.#packet;
    const isEvent = payloadType === remote.telephoneEventPayloadType;
    const isNoise = payloadType === COMFORT_NOISE;
    heard.kind = isEvent ? 'telephoneEvent' : isNoise ? 'comfortNoise' : 'audio';
    heard.codec = remote.codec;
    heard.arrivalMs = arrivalMs;
    const isAudio = heard.kind === 'audio';
    this.#reception.note(this.#packet, arrivalMs, isAudio);
    heard.payload = datagram.subarray(payloadStart, isAudio ? payloadEnd : payloadStart);
    heard.samples = this.#samples.subarray(0, heard.payload.length);
    decodeLaw(heard.codec, heard.payload, heard.samples);
    for (const listener of this.#listeners) this.#tell(listener);
    for (const voice of this.#mixInto) this.#tell(voice);
  }

  /** As a tee does: whoever throws is cut off and reported; the others live on. */
  #tell(listener: PacketListener): void {
    try {
      listener.hear(this.#heard);
    } catch (cause) {
      this.#cutOff(listener, cause);
    }
  }

  #try(listener: PacketListener, act: () => void): void {
    try {
      act();
    } catch (cause) {
      this.#cutOff(listener, cause);
    }
  }

  #cutOff(listener: PacketListener, cause: unknown): void {
    this.#listeners = this.#listeners.filter((other) => other !== listener);
    this.#mixInto = this.#mixInto.filter((other) => other !== listener);
    this.#environment.onFault({
      what: 'listenerCutOff',
      legId: this.legId,
      message: `${listener.name}: ${messageOf(cause)}`,
    });
  }

  #sendRtcp(datagram: Uint8Array): void {
    const remote = this.#remote;
    if (remote === null) return;
    this.#socket?.sendRtcp(datagram, datagram.length, remote.rtcpPort, remote.address);
  }

  #health(): LegHealth {
    const summary = this.#reception.summary();
    return {
      packetsReceived: summary.packetsReceived,
      packetsLost: summary.packetsLost,
      packetsLate: summary.packetsReordered,
      packetsDuplicate: summary.packetsDuplicate,
      packetsRefused: this.#guard.refusedCount + this.#malformedCount,
      packetsSent: this.output.sentCount,
      jitterMs: summary.jitterMs,
      roundTripMs: this.#rtcp.roundTripMs,
      levelDbov: this.ear.takeLevelDbov(),
    };
  }
}

/** Whether the port that was latched still holds: a hold changes the direction and nothing else. */
function isSameStream(a: LegRemote, b: LegRemote): boolean {
  return (
    a.address === b.address &&
    a.rtpPort === b.rtpPort &&
    a.payloadType === b.payloadType &&
    a.telephoneEventPayloadType === b.telephoneEventPayloadType
  );
}
