import { DelayEstimator } from './delay-estimator.js';
import {
  zeroCounts,
  type GapCause,
  type JitterCounts,
  type JitterPacket,
  type JitterPull,
} from './jitter-packet.js';
import { PacketSlots } from './packet-slots.js';
import { SequenceUnwrapper, timestampDistance } from './sequence-unwrapper.js';

const TICKS_PER_MS = 8;
const FRAME_TICKS = 160;
const SLOTS_MAX = 48;
const OCTETS_MAX = 480;
const START_MS = 40;
const TARGET_MIN_MS = 20;
const TARGET_MAX_MS = 120;
/** A packet of the longest kind may lie on top of the longest delay. */
const DEPTH_MAX_TICKS = (TARGET_MAX_MS + 60) * TICKS_PER_MS;
/** Below this many packets the spread says nothing, and the start value holds. */
const LEARNING_PACKETS = 50;
/** How late whoever pulls may be. */
const TICK_LATENESS_MS = 5;
/** How far timestamps may leave the clock on the wall before it is a jump, and not DTX or a slow network. */
const JUMP_TICKS = 1_000 * TICKS_PER_MS;
const SEQUENCE_STEP_MAX = 256;
/** So many packets before the newest are late ones from before a jump, and not the jump itself. */
const STRAGGLERS_MAX = 64;
const STALE_SSRC_MS = 500;
const REVIEW_PULLS = 50;
/** Underrun frames after which a new packet starts afresh at the full target. */
const STALLED_PULLS = 3;
const PATIENCE_TO_SHRINK_PULLS = 25;
const PATIENCE_TO_GROW_PULLS = 5;

/**
 * Puts the packets of one direction in order and releases 20 ms at each pull, at a delay of 20…120 ms that follows the
 * arrival jitter. What it plays is a line of its own: rtpTimestamp starts at the first packet's and rises by 160 with
 * each pull (mod 2^32), whatever the sender's timestamps do. Never looks into the audio.
 *
 *   push --> order by media time --> | playTick ... newestTick | --> pull: packet or gap, one per 20 ms
 *                                     <-- depth: held near target -->
 */
export class JitterBuffer {
  readonly counts: JitterCounts = zeroCounts();
  readonly #slots = new PacketSlots(SLOTS_MAX, OCTETS_MAX);
  readonly #sequence = new SequenceUnwrapper();
  readonly #delay = new DelayEstimator();
  readonly #packet = {
    kind: 'packet' as const,
    payload: new Uint8Array(FRAME_TICKS),
    rtpTimestamp: 0,
  };

  #ssrc: number | undefined;
  #replacedSsrc: number | undefined;
  #replacedAtMs = 0;
  /** Where the newest packet stands: its RTP timestamp, its tick, and when it came. */
  #anchor = { rtpTimestamp: 0, tick: 0, arrivalMs: 0 };
  #jumpSequence = -1;
  #packetTicks = FRAME_TICKS;

  #playing = false;
  #waitedPulls = 0;
  #playTick = 0;
  #newestTick = 0;
  #lastPlayedSequence = -1;
  #outTimestamp = 0;
  #stalledPulls = 0;

  #targetMs = START_MS;
  /** Frames to insert (> 0) or to leave out (< 0), and for how many pulls that has waited for a gap. */
  #adjustment = 0;
  #adjustmentPulls = 0;
  #reviewPulls = 0;
  #depthMaxTicks = 0;

  /** The delay aimed at, from a packet's arrival to its end being played, ms, 20…120. */
  get targetMs(): number {
    return this.#targetMs;
  }

  /** What waits now, ms. */
  get depthMs(): number {
    return this.#playing || this.#slots.count > 0
      ? Math.max(0, this.#newestTick - this.#playTick) / TICKS_PER_MS
      : 0;
  }

  /** @param arrivalMs monotonic; never goes back */
  push(packet: JitterPacket, arrivalMs: number): void {
    this.counts.received += 1;
    const { payload } = packet;
    if (payload.length === 0 || payload.length > OCTETS_MAX || this.#isStale(packet, arrivalMs)) {
      this.counts.refused += 1;
      return;
    }
    const isKnown = packet.ssrc === this.#ssrc;
    if (isKnown && this.#sequence.has(this.#sequence.extend(packet.sequenceNumber))) {
      this.counts.duplicate += 1;
      return;
    }
    const tick = this.#place(packet, arrivalMs);
    if (tick === undefined) return;
    const sequence = this.#sequence.extend(packet.sequenceNumber);
    const newest = this.#sequence.newest;
    this.#sequence.mark(sequence);
    this.#packetTicks = payload.length;
    if (sequence < newest) this.counts.reordered += 1;
    else this.#anchor = { rtpTimestamp: packet.rtpTimestamp, tick, arrivalMs };
    this.#delay.add(arrivalMs - tick / TICKS_PER_MS);
    this.#accept(tick, sequence, packet);
  }

  /** Call once per 20 ms. @returns borrowed: valid until the next pull() */
  pull(): JitterPull {
    if (!this.#playing && !this.#startIfDue()) return { kind: 'empty' };
    this.#review();
    this.#shrinkIfDue();
    const rtpTimestamp = this.#outTimestamp;
    this.#outTimestamp = (this.#outTimestamp + FRAME_TICKS) >>> 0;
    const whole = this.#slots.read(this.#playTick, this.#packet.payload);
    // With nothing beyond the frame, what is missing may still come, and time stands still.
    if (!whole && this.#newestTick < this.#playTick + FRAME_TICKS) {
      this.#stalledPulls += 1;
      return { kind: 'gap', cause: 'underrun', rtpTimestamp };
    }
    if (this.#insertIfDue(whole)) return { kind: 'gap', cause: 'inserted', rtpTimestamp };
    if (!whole) return { kind: 'gap', cause: this.#skipHole(), rtpTimestamp };
    this.#advanceTo(this.#playTick + FRAME_TICKS);
    this.#packet.rtpTimestamp = rtpTimestamp;
    return this.#packet;
  }

  /** A straggler of the stream that was replaced must not look like a change back. */
  #isStale({ ssrc }: JitterPacket, arrivalMs: number): boolean {
    return ssrc === this.#replacedSsrc && arrivalMs - this.#replacedAtMs < STALE_SSRC_MS;
  }

  /** @returns the packet's place in media time; undefined when it has to prove itself first */
  #place(packet: JitterPacket, arrivalMs: number): number | undefined {
    if (this.#ssrc === undefined) {
      this.#outTimestamp = packet.rtpTimestamp >>> 0;
      return this.#startStream(packet, 0);
    }
    if (packet.ssrc !== this.#ssrc) {
      this.counts.ssrcChanges += 1;
      this.#replacedSsrc = this.#ssrc;
      this.#replacedAtMs = arrivalMs;
      return this.#startStream(packet, this.#nextFreeTick());
    }
    const distance = timestampDistance(this.#anchor.rtpTimestamp, packet.rtpTimestamp);
    const elapsed = (arrivalMs - this.#anchor.arrivalMs) * TICKS_PER_MS;
    const isNear = Math.abs(distance) <= JUMP_TICKS || Math.abs(distance - elapsed) <= JUMP_TICKS;
    if (isNear) return this.#anchor.tick + distance;
    const step = this.#sequence.extend(packet.sequenceNumber) - this.#sequence.newest;
    if (step < 0 && step > -STRAGGLERS_MAX) {
      this.counts.late += 1;
      return undefined;
    }
    // One odd packet may be damage; two in a row are a sender that started again (RFC 3550 §A.1, bad_seq).
    if (packet.sequenceNumber !== this.#jumpSequence) {
      this.#jumpSequence = (packet.sequenceNumber + 1) & 0xffff;
      this.counts.refused += 1;
      return undefined;
    }
    this.counts.timestampJumps += 1;
    return this.#startStream(packet, this.#nextFreeTick());
  }

  #startStream(packet: JitterPacket, tick: number): number {
    // Within one SSRC the numbers often run on, and copies of older packets may still be under way.
    const step = this.#sequence.extend(packet.sequenceNumber) - this.#sequence.newest;
    const runsOn = packet.ssrc === this.#ssrc && step > 0 && step < SEQUENCE_STEP_MAX;
    if (!runsOn) this.#sequence.reset();
    this.#ssrc = packet.ssrc;
    this.#delay.reset();
    this.#jumpSequence = -1;
    this.#lastPlayedSequence = -1;
    return tick;
  }

  /** Where a new timeline is joined on, so that what still waits is played out first. */
  #nextFreeTick(): number {
    const stalled = this.#stalledPulls;
    const fresh = stalled >= STALLED_PULLS ? this.#slackTicks() : 0;
    return Math.max(this.#newestTick, this.#playTick + stalled * FRAME_TICKS + fresh);
  }

  #slackTicks(): number {
    return Math.max(0, this.#targetMs * TICKS_PER_MS - this.#packetTicks);
  }

  #accept(tick: number, sequence: number, { payload, marker }: JitterPacket): void {
    const end = tick + payload.length;
    if (!this.#playing && this.#slots.count === 0) this.#playTick = tick;
    // Before the start an older packet may still take the first place.
    if (!this.#playing) this.#playTick = Math.min(this.#playTick, tick);
    else if (end <= this.#playTick) {
      this.#countLate(sequence);
      return;
    }
    if (this.#slots.full) {
      this.counts.overrun += 1;
      this.#slots.dropFirst();
    }
    if (!this.#slots.insert(tick, sequence, payload)) {
      this.counts.refused += 1;
      return;
    }
    if (this.#playing) this.#resume(tick, marker);
    this.#newestTick = Math.max(this.#newestTick, end);
    this.#skipOverrun();
  }

  /** Time went on while nothing was there: decides what the silence was, now that the next packet is known. */
  #resume(tick: number, marker: boolean): void {
    if (this.#stalledPulls === 0) return;
    const passed = this.#playTick + this.#stalledPulls * FRAME_TICKS;
    // After a long silence the delay may be set anew for nothing; after a short one each frame of it is heard.
    const isFresh = marker || this.#stalledPulls >= STALLED_PULLS;
    const due = isFresh ? tick - this.#slackTicks() : tick;
    const first = this.#slots.first();
    const isTailWaiting = first !== undefined && first.startTick <= this.#playTick;
    if (isFresh || !isTailWaiting) this.#advanceTo(Math.max(this.#playTick, Math.min(passed, due)));
    this.#stalledPulls = 0;
    if (due < this.#playTick && isFresh) {
      this.#adjust(Math.ceil((this.#playTick - due) / FRAME_TICKS));
    }
  }

  #skipOverrun(): void {
    if (this.#newestTick - this.#playTick <= DEPTH_MAX_TICKS) return;
    const before = this.#slots.count;
    this.#advanceTo(this.#newestTick - this.#targetMs * TICKS_PER_MS);
    this.counts.overrun += before - this.#slots.count;
    this.#adjust(0);
  }

  /** Moves the play position on, drops what lies wholly behind it, and notes which packets never came. */
  #advanceTo(tick: number): void {
    this.#playTick = tick;
    for (;;) {
      const first = this.#slots.first();
      if (first === undefined || first.startTick >= tick) return;
      this.#noteSequence(first.sequence);
      if (first.startTick + first.length > tick) return;
      this.#slots.dropFirst();
    }
  }

  #noteSequence(sequence: number): void {
    if (sequence <= this.#lastPlayedSequence) return;
    if (this.#lastPlayedSequence >= 0) this.counts.lost += sequence - this.#lastPlayedSequence - 1;
    this.#lastPlayedSequence = sequence;
  }

  #countLate(sequence: number): void {
    this.counts.late += 1;
    if (this.#lastPlayedSequence > sequence) this.counts.lost = Math.max(0, this.counts.lost - 1);
    this.#retarget();
    const short = this.#targetMs * TICKS_PER_MS - Math.max(this.#depthMaxTicks, this.#packetTicks);
    if (short > 0) this.#adjust(Math.ceil(short / FRAME_TICKS));
  }

  #startIfDue(): boolean {
    if (this.#slots.count === 0) return false;
    this.#waitedPulls += 1;
    const waitedTicks = this.#waitedPulls * FRAME_TICKS;
    const enough = this.#targetMs * TICKS_PER_MS;
    this.#playing = this.#newestTick - this.#playTick >= enough || waitedTicks > enough;
    return this.#playing;
  }

  /** Once a second: is what waits what the jitter asks for? */
  #review(): void {
    const depth = this.#newestTick - this.#playTick;
    if (this.#slots.count > 0) this.#depthMaxTicks = Math.max(this.#depthMaxTicks, depth);
    this.#reviewPulls += 1;
    if (this.#reviewPulls < REVIEW_PULLS) return;
    this.#reviewPulls = 0;
    this.#retarget();
    const excess = this.#depthMaxTicks - this.#targetMs * TICKS_PER_MS;
    if (excess >= FRAME_TICKS) this.#adjust(-1);
    else if (excess < -FRAME_TICKS / 2 && this.#depthMaxTicks > 0) this.#adjust(1);
    this.#depthMaxTicks = 0;
  }

  #retarget(): void {
    const isLearnt = this.#delay.packets >= LEARNING_PACKETS;
    const packetMs = this.#packetTicks / TICKS_PER_MS;
    // Packets of 10 or 30 ms drift against the frames that are pulled.
    const driftMs = this.#packetTicks % FRAME_TICKS === 0 ? 0 : 10;
    const wantedMs = packetMs + driftMs + TICK_LATENESS_MS + this.#delay.spreadMs();
    const leastMs = isLearnt ? TARGET_MIN_MS : START_MS;
    this.#targetMs = Math.max(leastMs, Math.min(TARGET_MAX_MS, Math.ceil(wantedMs)));
  }

  #adjust(frames: number): void {
    this.#adjustment = frames;
    this.#adjustmentPulls = 0;
  }

  #shrinkIfDue(): void {
    if (this.#adjustment >= 0 || this.#slots.count === 0) return;
    this.#adjustmentPulls += 1;
    // Leaving out a hole costs nothing, so it is waited for.
    const isHole = !this.#slots.read(this.#playTick, this.#packet.payload);
    if (!isHole && this.#adjustmentPulls < PATIENCE_TO_SHRINK_PULLS) return;
    if (this.#newestTick - this.#playTick < 2 * FRAME_TICKS) return;
    this.#advanceTo(this.#playTick + FRAME_TICKS);
    this.#adjustment += 1;
    this.#adjustmentPulls = 0;
    this.counts.framesDropped += 1;
  }

  #insertIfDue(whole: boolean): boolean {
    if (this.#adjustment <= 0) return false;
    if (this.#newestTick - this.#playTick >= this.#targetMs * TICKS_PER_MS + FRAME_TICKS) {
      this.#adjust(0);
      return false;
    }
    this.#adjustmentPulls += 1;
    if (whole && this.#adjustmentPulls < PATIENCE_TO_GROW_PULLS) return false;
    this.#adjustment -= 1;
    this.#adjustmentPulls = 0;
    this.counts.framesInserted += 1;
    return true;
  }

  /** Goes past a frame that is not (wholly) there, but not past the start of the next packet. */
  #skipHole(): GapCause {
    const from = this.#playTick;
    const end = from + FRAME_TICKS;
    const next = this.#slots.firstAfter(from);
    if (next === undefined || next.startTick >= end) {
      this.#advanceTo(end);
    } else {
      this.#advanceTo(next.startTick);
    }
    return next?.sequence === this.#lastPlayedSequence + 1 ? 'silence' : 'lost';
  }
}
