import type { Timer } from '../../base/index.js';
import type { InviteSession, Reason, SessionEvent } from '../sip/index.js';
import { onLegEvent, type LegEvent } from './bridge-listener.js';
import type { LegHealth, LegId, Speaker } from './bridge/bridge-protocol.js';
import type { CallEnvironment, StoredCall } from './call-environment.js';
import { CallLegs } from './call-legs.js';
import { step } from './call-machine.js';
import { CallParties, offerOf, type PartyLine } from './call-parties.js';
import type { CallEffect, CallEvent, CallState, CallTimer, Leg, PartyId } from './call-state.js';
import { withRecord } from './call-steps.js';
import type { LegMedia } from './leg-media.js';
import { ringRound } from './ring-round.js';
import { onSessionEvent } from './session-listener.js';

/** Events that wait while one is being stepped; more than that is a bug of ours. */
const QUEUE_MAX = 64;
/** How long the last packets of a leg may take to reach the recorder. */
const CLOSE_WAIT_MS = 1_000;
const ELSEWHERE: Reason = { protocol: 'SIP', cause: 200, text: 'Call completed elsewhere' };

/** What a live call tells the exchange that owns it. */
export interface LiveCallOwner {
  /** REFER: the exchange knows whether it names an extension or another call's dialog. */
  onRefer(call: LiveCall, party: PartyId, refer: Extract<SessionEvent, { name: 'refer' }>): void;
  /** Something happened in it: phones may be free again. */
  onStepped(call: LiveCall): void;
  /** Media and recording are closed, the record is complete. */
  onFinished(call: LiveCall): void;
}

/** The driver of one call machine: owns its bounded queue, steps one event at a time, performs the effects. */
export class LiveCall {
  #state: CallState;
  readonly #environment: CallEnvironment;
  readonly #owner: LiveCallOwner;
  readonly #parties = new CallParties();
  readonly #legs: CallLegs;
  readonly #timers = new Map<CallTimer, Timer>();
  readonly #queue: CallEvent[] = [];
  #stepping = false;
  #strays = 0;
  /** Our answer to the INVITE of `a`, or our offer where it had none: the same in 183 and 200 (RFC 6337 §3.1.1). */
  #firstSdp: string | null = null;
  #afterClosing: (() => void) | null = null;

  constructor(state: CallState, environment: CallEnvironment, owner: LiveCallOwner) {
    this.#state = state;
    this.#environment = environment;
    this.#owner = owner;
    this.#legs = new CallLegs(state.record.id, environment);
  }

  get id(): string {
    return this.#state.record.id;
  }

  get state(): CallState {
    return this.#state;
  }

  /** Events that came where they meant nothing. */
  get strayCount(): number {
    return this.#strays;
  }

  /** Takes the session that called us, and opens its port. */
  start(session: InviteSession): void {
    const { a, rules } = this.#state;
    this.#changed();
    this.#addParty('a', { session, legId: a.legId, who: a.who });
    if (rules.record) this.#environment.recorder.begin(this.id);
    const media = this.#legs.make(a.legId, a.who, a.speaker);
    media.open((opened) => this.#begin(opened, session, media));
  }

  dispatch(event: CallEvent): void {
    if (this.#queue.length >= QUEUE_MAX)
      throw new RangeError(`call ${this.id}: ${QUEUE_MAX} events wait`);
    this.#queue.push(event);
    if (this.#stepping) return;
    this.#stepping = true;
    try {
      for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift())
        this.#step(next);
    } finally {
      this.#stepping = false;
    }
    this.#owner.onStepped(this);
  }

  /** An event of the media worker, if it is about one of our legs. */
  onBridgeEvent(event: LegEvent): void {
    const { legId } = event;
    const media = this.#legs.get(legId);
    if (media === undefined) return;
    const environment = this.#environment;
    onLegEvent(media, event, {
      dispatch: (next) => this.dispatch(next),
      noPort: () => environment.onFault('no-media-port', this.id),
      digit: (digit) => environment.onDigit(this.id, this.#parties.whoOn(legId), digit),
      health: (health) => environment.onLegHealth(this.id, media.speaker, legId, health),
      closed: (health) => this.#legClosed(media, health),
    });
  }

  /** @returns the party whose dialog this is, if it is ours */
  partyOf(matches: (session: InviteSession) => boolean): PartyId | null {
    return this.#parties.find(matches);
  }

  /** @returns the other end of the call as seen from `party`; null unless both talk */
  peerOf(party: PartyId): Leg | null {
    const { a, b, phase } = this.#state;
    if (phase !== 'bridged' || b === null) return null;
    const peer = a.party === party ? b : b.party === party ? a : null;
    return peer?.dialog === 'gone' ? null : peer;
  }

  /** Lets a leg go over to another call; this one ends with `taken`. */
  release(leg: Leg): { readonly line: PartyLine; readonly media: LegMedia } | null {
    const line = this.#parties.line(leg.party);
    const media = this.#legs.release(leg.legId);
    if (line === undefined || media === undefined) return null;
    line.session.onEvent = null;
    this.#parties.remove(leg.party);
    return { line, media };
  }

  /** Takes a leg over from another call. @returns its new name here */
  adopt(line: PartyLine, media: LegMedia, speaker: Speaker): PartyId {
    const party = this.#parties.name();
    this.#legs.adopt(media, speaker);
    this.#addParty(party, { ...line, legId: media.legId });
    return party;
  }

  acceptRefer(party: PartyId, referId: number): void {
    this.#parties.session(party)?.acceptRefer(referId);
  }

  notifyRefer(party: PartyId, referId: number, status: number): void {
    this.#notifyRefer({ do: 'notifyRefer', party, referId, status });
  }

  rejectRefer(party: PartyId, referId: number, status: number): void {
    this.#parties.session(party)?.rejectRefer(referId, status);
  }

  /** Takes in a phone whose INVITE is to replace one of our dialogs; `then` gets its leg when it stands. */
  admit(session: InviteSession, extension: string, then: (leg: Leg) => void): void {
    const party = this.#parties.name();
    const legId: LegId = `${this.id}:${party}`;
    const media = this.#legs.make(legId, extension, 'staff');
    this.#legs.invite(legId);
    this.#addParty(party, { session, legId, who: extension });
    media.open((opened) => {
      this.#legs.seat(legId);
      const sdp = opened ? media.firstSdp(offerOf(session)) : null;
      // It may have given up, or the call ended, while its port was being opened.
      const isTooLate = session.state !== 'early' || this.#state.phase === 'ended';
      if (isTooLate) session.reject(481);
      else if (sdp === null) session.reject(opened ? 488 : 503);
      else session.accept(sdp);
      if (isTooLate || sdp === null) return this.#legs.apply(this.#state);
      then({ party, legId, speaker: 'staff', who: extension, dialog: 'answered', held: false });
    });
  }

  /** Changes what the record says beside the machine: alerts, deaf spells. */
  note(change: Parameters<typeof withRecord>[1]): void {
    this.#state = withRecord(this.#state, change);
    this.#changed();
  }

  #begin(opened: boolean, session: InviteSession, media: LegMedia): void {
    this.#firstSdp = opened ? media.firstSdp(offerOf(session)) : null;
    if (this.#firstSdp === null) {
      return this.dispatch({ name: 'mediaFailed', status: opened ? 488 : 503 });
    }
    if (media.isHeld) this.dispatch({ name: 'held', party: 'a', held: true });
    this.dispatch({ name: 'mediaReady' });
  }

  #step(event: CallEvent): void {
    const before = this.#state;
    const [next, effects] = step(before, event, this.#environment.clock.wallMs());
    this.#state = next;
    if (next !== before) this.#changed();
    for (const effect of effects) this.#perform(effect);
    this.#legs.apply(this.#state);
  }

  #changed(): void {
    this.#environment.onChange(this.stored());
  }

  stored(): StoredCall {
    return { state: this.#state, dialogs: this.#parties.dialogs() };
  }

  #perform(effect: CallEffect): void {
    const environment = this.#environment;
    switch (effect.do) {
      case 'progressA':
        return this.#progressA(effect.early);
      case 'answerA':
        return this.#answerA();
      case 'rejectA':
        return this.#parties.session('a')?.reject(effect.status);
      case 'ring':
        return this.#ring(effect);
      case 'hangUp':
        return this.#parties
          .session(effect.party)
          ?.hangUp(effect.elsewhere ? ELSEWHERE : undefined);
      case 'acceptRefer':
        return this.#parties.session(effect.party)?.acceptRefer(effect.referId);
      case 'rejectRefer':
        return this.#parties.session(effect.party)?.rejectRefer(effect.referId, effect.status);
      case 'notifyRefer':
        return this.#notifyRefer(effect);
      case 'startTimer':
        return this.#startTimer(effect.timer, effect.afterMs);
      case 'stopTimer':
        return this.#stopTimer(effect.timer);
      case 'commitRecording':
        if (this.#state.rules.record) {
          environment.recorder.commit(this.id);
          environment.onNews('recordingStarted', this.#state);
        }
        return;
      case 'tell':
        return environment.onNews(effect.kind, this.#state);
      case 'raiseFault':
        return environment.onFault(effect.code, this.id);
      case 'finish':
        return this.#finish();
      case 'countStray':
        this.#strays += 1;
        return;
    }
  }

  #notifyRefer(effect: Extract<CallEffect, { do: 'notifyRefer' }>): void {
    const reason = effect.status < 200 ? 'Ringing' : effect.status < 300 ? 'OK' : 'Failed';
    this.#parties.session(effect.party)?.notifyRefer(effect.referId, effect.status, reason);
  }

  #progressA(early: boolean): void {
    const sdp = early ? this.#firstSdp : null;
    this.#parties.session('a')?.ring(sdp === null ? {} : { sdp });
  }

  #answerA(): void {
    if (this.#firstSdp !== null) this.#parties.session('a')?.accept(this.#firstSdp);
  }

  #ring(effect: Extract<CallEffect, { do: 'ring' }>): void {
    ringRound(effect, {
      environment: this.#environment,
      state: () => this.#state,
      makeLeg: (who) => this.#legs.make(effect.legId, who, who === 'line' ? 'caller' : 'staff'),
      addParty: (line) => {
        const party = this.#parties.name();
        this.#addParty(party, line);
        return party;
      },
      rung: (ringing, nobody) =>
        this.dispatch({
          name: 'rung',
          legId: effect.legId,
          ringing,
          ...(nobody === undefined ? {} : { nobody }),
        }),
    });
  }

  #addParty(party: PartyId, line: PartyLine): void {
    this.#parties.add(party, line);
    line.session.onSnapshot = () => this.#changed();
    line.session.onEvent = (event) =>
      onSessionEvent(party, line, event, {
        state: () => this.#state,
        media: () => this.#legs.get(line.legId),
        dispatch: (next) => this.dispatch(next),
        leave: () => this.#parties.remove(party),
        refer: (refer) => this.#owner.onRefer(this, party, refer),
        digit: ({ digit, durationMs }) => {
          this.#environment.onDigit(this.id, line.who, digit);
          const peer = this.peerOf(party);
          if (peer !== null) this.#legs.get(peer.legId)?.sendDigit(digit, durationMs);
        },
      });
  }

  #startTimer(timer: CallTimer, afterMs: number): void {
    this.#stopTimer(timer);
    this.#timers.set(
      timer,
      this.#environment.clock.after(afterMs, () => {
        this.#timers.delete(timer);
        this.dispatch({ name: 'timer', timer });
      }),
    );
  }

  #stopTimer(timer: CallTimer): void {
    this.#timers.get(timer)?.cancel();
    this.#timers.delete(timer);
  }

  #legClosed(media: LegMedia, health: LegHealth): void {
    this.#legs.onClosed(media.legId, health);
    // A leg on which nobody ever talked says nothing of the call.
    if (media.isAgreed) {
      const change = { ...this.#state.record.health, [media.speaker]: health };
      this.#state = withRecord(this.#state, { health: change });
    }
    if (!this.#legs.isClosing) this.#afterClosing?.();
  }

  /** The last packets reach the recorder before it is told that the call has ended. */
  #finish(): void {
    this.#parties.hangUpAll();
    const done = (): void => {
      this.#afterClosing = null;
      timer.cancel();
      void this.#closeRecording();
    };
    const timer = this.#environment.clock.after(CLOSE_WAIT_MS, done);
    this.#afterClosing = done;
    this.#legs.apply(this.#state);
    if (!this.#legs.isClosing) done();
  }

  async #closeRecording(): Promise<void> {
    const { recorder } = this.#environment;
    const { rules, record } = this.#state;
    if (rules.record) {
      if (record.answeredAtMs === null) recorder.discard(this.id);
      else {
        const recording = await recorder.end(this.id);
        // Alerts may have been noted meanwhile.
        this.#state = withRecord(this.#state, { recording });
      }
    }
    this.#changed();
    this.#environment.onNews(
      record.answeredAtMs === null && record.outcome === 'rejected' ? 'rejected' : 'ended',
      this.#state,
    );
    this.#owner.onFinished(this);
  }
}
