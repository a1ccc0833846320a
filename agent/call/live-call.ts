import type { Timer } from '../../base/index.js';
import type { InviteSession, Reason, SessionEvent } from '../sip/index.js';
import type { BridgeEvent, LegId, Speaker } from './bridge/bridge-protocol.js';
import type { CallEnvironment, StoredCall } from './call-environment.js';
import { step } from './call-machine.js';
import type { EndedHow } from './call-record.js';
import type { CallEffect, CallEvent, CallState, CallTimer, Leg, PartyId } from './call-state.js';
import { withRecord } from './call-steps.js';
import { digitOf } from './dtmf-info.js';
import { LegMedia } from './leg-media.js';
import { mediaPlan } from './media-plan.js';
import { ringRound, type PartyLine } from './ring-round.js';

/** Events that wait while one is being stepped; more than that is a bug of ours. */
const QUEUE_MAX = 64;
/** How long the last packets of a leg may take to reach the recorder. */
const CLOSE_WAIT_MS = 1_000;
const ELSEWHERE: Reason = { protocol: 'SIP', cause: 200, text: 'Call completed elsewhere' };

/** What a live call tells the exchange that owns it. */
export interface LiveCallOwner {
  /** REFER: the exchange knows whether it names an extension or another call's dialog. */
  onRefer(call: LiveCall, party: PartyId, refer: Extract<SessionEvent, { name: 'refer' }>): void;
  /** The machine ended: phones may be free again. */
  onEnded(call: LiveCall): void;
  /** Media and recording are closed, the record is complete. */
  onFinished(call: LiveCall): void;
}

/** The driver of one call machine: owns its bounded queue, steps one event at a time, performs the effects. */
export class LiveCall {
  #state: CallState;
  readonly #environment: CallEnvironment;
  readonly #owner: LiveCallOwner;
  readonly #parties = new Map<PartyId, PartyLine>();
  readonly #legs = new Map<LegId, LegMedia>();
  readonly #timers = new Map<CallTimer, Timer>();
  readonly #queue: CallEvent[] = [];
  readonly #closing = new Set<LegId>();
  #stepping = false;
  #partiesNamed = 0;
  #strays = 0;
  #afterClosing: (() => void) | null = null;

  constructor(state: CallState, environment: CallEnvironment, owner: LiveCallOwner) {
    this.#state = state;
    this.#environment = environment;
    this.#owner = owner;
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
    this.#addParty('a', { session, legId: a.legId, who: a.who });
    if (rules.record) this.#environment.recorder.begin(this.id);
    const media = this.#makeLeg(a.legId, a.who, a.speaker);
    media.open((opened) => this.dispatch(this.#firstEvent(opened, session, media)));
    this.#changed();
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
  }

  /** An event of the media worker about one of our legs. */
  onBridgeEvent(event: Extract<BridgeEvent, { legId: LegId }>): void {
    const media = this.#legs.get(event.legId);
    if (media === undefined) return;
    switch (event.name) {
      case 'legOpened':
        return media.onOpened(event.address, event.rtpPort);
      case 'legFailed':
        this.#environment.onFault('no-media-port', this.id);
        return media.onOpenFailed();
      case 'playStarted':
        return this.dispatch({ name: 'playStarted', playId: event.playId, atMs: event.atWallMs });
      case 'playEnded': {
        const { playId, completed } = event;
        return this.dispatch({ name: 'playEnded', playId, completed, atMs: event.atWallMs });
      }
      case 'tone':
        if (event.tone === 'faxCalling') return this.dispatch({ name: 'faxTone' });
        if (event.tone === 'busy') return this.dispatch({ name: 'busyTone' });
        return;
      case 'digit':
        return this.#environment.onDigit(this.id, this.#whoOn(event.legId), event.digit);
      case 'silence':
        return this.dispatch({ name: 'silence' });
      case 'legHealth':
        media.health = event.health;
        return this.#environment.onLegHealth(
          this.id,
          this.#speakerOn(event.legId),
          event.legId,
          event.health,
        );
      case 'legClosed':
        media.health = event.health;
        return this.#legClosed(event.legId);
      case 'audioStarted':
        return;
    }
  }

  /** @returns the party whose dialog this is, if it is ours */
  partyOf(matches: (session: InviteSession) => boolean): PartyId | null {
    for (const [party, line] of this.#parties) if (matches(line.session)) return party;
    return null;
  }

  /** @returns the other end of the call as seen from `party`; null unless both talk */
  peerOf(party: PartyId): Leg | null {
    const { a, b, phase } = this.#state;
    if (phase !== 'bridged' || b === null) return null;
    if (a.party === party) return b;
    return b.party === party ? a : null;
  }

  /** Lets a leg go over to another call; this one ends with `taken`. */
  release(leg: Leg): { readonly line: PartyLine; readonly media: LegMedia } | null {
    const line = this.#parties.get(leg.party);
    const media = this.#legs.get(leg.legId);
    if (line === undefined || media === undefined) return null;
    line.session.onEvent = null;
    this.#parties.delete(leg.party);
    this.#legs.delete(leg.legId);
    return { line, media };
  }

  /** Takes a leg over from another call. @returns its new name here */
  adopt(line: PartyLine, media: LegMedia, speaker: Speaker): PartyId {
    const party = this.nameParty();
    this.#legs.set(media.legId, media);
    media.assign(this.id, speaker);
    this.#addParty(party, { ...line, legId: media.legId });
    return party;
  }

  nameParty(): PartyId {
    this.#partiesNamed += 1;
    return `p${this.#partiesNamed}`;
  }

  /** Changes what the record says beside the machine: alerts, deaf spells. */
  note(change: Parameters<typeof withRecord>[1]): void {
    this.#state = withRecord(this.#state, change);
    this.#changed();
  }

  #firstEvent(opened: boolean, session: InviteSession, media: LegMedia): CallEvent {
    if (!opened) return { name: 'mediaFailed', status: 503 };
    const body = Buffer.from(session.invite.body).toString('utf8');
    if (body === '') return { name: 'mediaReady' };
    const outcome = media.answer(body);
    return outcome !== null && 'sdp' in outcome
      ? { name: 'mediaReady' }
      : { name: 'mediaFailed', status: 488 };
  }

  #step(event: CallEvent): void {
    const before = this.#state;
    const [next, effects] = step(before, event, this.#environment.clock.wallMs());
    this.#state = next;
    if (next !== before) this.#changed();
    for (const effect of effects) this.#perform(effect);
    this.#applyPlan();
  }

  #changed(): void {
    this.#environment.onChange(this.stored());
  }

  stored(): StoredCall {
    const dialogs = [...this.#parties].flatMap(([party, { session }]) =>
      session.snapshot === null ? [] : [{ party, dialog: session.snapshot }],
    );
    return { state: this.#state, dialogs };
  }

  #perform(effect: CallEffect): void {
    const environment = this.#environment;
    switch (effect.do) {
      case 'progressA':
        return this.#progressA(effect.early);
      case 'answerA':
        return this.#answerA();
      case 'rejectA':
        return this.#sessionOf('a')?.reject(effect.status);
      case 'ring':
        return this.#ring(effect);
      case 'hangUp':
        return this.#sessionOf(effect.party)?.hangUp(effect.elsewhere ? ELSEWHERE : undefined);
      case 'acceptRefer':
        return this.#sessionOf(effect.party)?.acceptRefer(effect.referId);
      case 'rejectRefer':
        return this.#sessionOf(effect.party)?.rejectRefer(effect.referId, effect.status);
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

  #sessionOf(party: PartyId): InviteSession | undefined {
    const session = this.#parties.get(party)?.session;
    return session?.state === 'ended' ? undefined : session;
  }

  #notifyRefer(effect: Extract<CallEffect, { do: 'notifyRefer' }>): void {
    const reason = effect.status < 200 ? 'Ringing' : effect.status < 300 ? 'OK' : 'Failed';
    this.#sessionOf(effect.party)?.notifyRefer(effect.referId, effect.status, reason);
  }

  #answerSdp(): string | null {
    const line = this.#parties.get('a');
    const media = line === undefined ? undefined : this.#legs.get(line.legId);
    if (line === undefined || media === undefined) return null;
    const body = Buffer.from(line.session.invite.body).toString('utf8');
    if (body === '') return media.offer();
    const outcome = media.answer(body);
    return outcome !== null && 'sdp' in outcome ? outcome.sdp : null;
  }

  #progressA(early: boolean): void {
    const sdp = early ? this.#answerSdp() : null;
    this.#sessionOf('a')?.ring(sdp === null ? {} : { sdp });
  }

  #answerA(): void {
    const sdp = this.#answerSdp();
    if (sdp !== null) this.#sessionOf('a')?.accept(sdp);
  }

  #ring(effect: Extract<CallEffect, { do: 'ring' }>): void {
    ringRound(effect, {
      environment: this.#environment,
      state: () => this.#state,
      makeLeg: (who) => this.#makeLeg(effect.legId, who, who === 'line' ? 'caller' : 'staff'),
      addParty: (line) => {
        const party = this.nameParty();
        this.#addParty(party, line);
        return party;
      },
      rung: (ringing) => this.dispatch({ name: 'rung', legId: effect.legId, ringing }),
    });
  }

  #makeLeg(legId: LegId, who: string, speaker: Speaker): LegMedia {
    const environment = this.#environment;
    const media = new LegMedia({
      legId,
      callId: this.id,
      speaker,
      ability: environment.abilityOf(who),
      sdpSessionId: environment.random.uint32(),
      send: (command) => environment.toBridge(command),
    });
    this.#legs.set(legId, media);
    return media;
  }

  #addParty(party: PartyId, line: PartyLine): void {
    this.#parties.set(party, line);
    line.session.onSnapshot = () => this.#changed();
    line.session.onEvent = (event) => this.#onSession(party, line, event);
  }

  #onSession(party: PartyId, line: PartyLine, event: SessionEvent): void {
    const media = this.#legs.get(line.legId);
    switch (event.name) {
      case 'progress':
        if (event.sdp !== null && line.who === 'line') media?.agree(event.sdp);
        return this.dispatch({
          name: 'progress',
          party,
          early: event.sdp !== null && line.who === 'line',
        });
      case 'answered':
        return this.#onAnswered(party, media, event.sdp);
      case 'confirmed':
        if (event.sdp !== null) media?.agree(event.sdp);
        return this.dispatch({ name: 'confirmed', party });
      case 'offer':
        return this.#onOffer(party, line.session, media, event.sdp);
      case 'answer': {
        const agreed = media?.agree(event.sdp) ?? null;
        if (agreed !== null) this.dispatch({ name: 'held', party, held: agreed.held });
        return;
      }
      case 'offerRefused':
        return;
      case 'refer':
        return this.#owner.onRefer(this, party, event);
      case 'info':
        return this.#onInfo(party, event.contentType, event.body);
      case 'ended': {
        this.#parties.delete(party);
        const how: EndedHow = event.end.how;
        return this.dispatch({ name: 'partyEnded', party, how, status: event.end.status });
      }
    }
  }

  #onAnswered(party: PartyId, media: LegMedia | undefined, sdp: string | null): void {
    const rounds = [this.#state.round, this.#state.transfer?.round ?? null];
    const isRinging = rounds.some(
      (round) => round?.ringing.some((one) => one.party === party) === true,
    );
    if (isRinging && sdp !== null && (media?.agree(sdp) ?? null) === null) {
      // It answered with nothing that we can hear; the others still ring.
      this.#sessionOf(party)?.hangUp();
      return;
    }
    this.dispatch({ name: 'answered', party });
  }

  #onOffer(
    party: PartyId,
    session: InviteSession,
    media: LegMedia | undefined,
    sdp: string | null,
  ): void {
    if (sdp === null) {
      const offer = media?.offer() ?? null;
      return offer === null ? session.rejectOffer(488) : session.answerOffer(offer);
    }
    const outcome = media?.answer(sdp) ?? null;
    if (outcome === null || !('sdp' in outcome)) return session.rejectOffer(488);
    session.answerOffer(outcome.sdp);
    this.dispatch({ name: 'held', party, held: outcome.held });
  }

  #onInfo(party: PartyId, contentType: string, body: string): void {
    const digit = digitOf(contentType, body);
    const peer = this.peerOf(party);
    if (digit === null) return;
    const who = this.#parties.get(party)?.who ?? '';
    this.#environment.onDigit(this.id, who, digit.digit);
    if (peer !== null) this.#legs.get(peer.legId)?.sendDigit(digit.digit, digit.durationMs);
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

  /** Legs that are in no plan any more are closed; the others hear what the plan says. */
  #applyPlan(): void {
    const plans = mediaPlan(this.#state);
    for (const [legId, media] of this.#legs) {
      const plan = plans.find((one) => one.legId === legId);
      if (plan !== undefined) media.apply(plan);
      else if (media.close()) this.#closing.add(legId);
    }
  }

  #whoOn(legId: LegId): string {
    for (const line of this.#parties.values()) if (line.legId === legId) return line.who;
    return '';
  }

  #speakerOn(legId: LegId): Speaker {
    const { a, b } = this.#state;
    if (a.legId === legId) return a.speaker;
    return b?.legId === legId ? b.speaker : 'staff';
  }

  #legClosed(legId: LegId): void {
    this.#closing.delete(legId);
    const media = this.#legs.get(legId);
    const speaker = this.#speakerOn(legId);
    if (media?.health != null) {
      const health = { ...this.#state.record.health, [speaker]: media.health };
      this.#state = withRecord(this.#state, { health });
    }
    if (this.#closing.size === 0) this.#afterClosing?.();
  }

  /** The last packets reach the recorder before it is told that the call has ended. */
  #finish(): void {
    this.#owner.onEnded(this);
    const done = (): void => {
      this.#afterClosing = null;
      timer.cancel();
      void this.#closeRecording();
    };
    const timer = this.#environment.clock.after(CLOSE_WAIT_MS, done);
    this.#afterClosing = done;
    this.#applyPlan();
    if (this.#closing.size === 0) done();
  }

  async #closeRecording(): Promise<void> {
    const { recorder } = this.#environment;
    const { rules, record } = this.#state;
    if (rules.record) {
      if (record.answeredAtMs === null) recorder.discard(this.id);
      else this.#state = withRecord(this.#state, { recording: await recorder.end(this.id) });
    }
    this.#changed();
    this.#environment.onNews(
      record.answeredAtMs === null && record.outcome === 'rejected' ? 'rejected' : 'ended',
      this.#state,
    );
    this.#owner.onFinished(this);
  }
}
