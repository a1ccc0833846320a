import { randomHex, type Clock, type Log, type Random } from '../../base/index.js';
import {
  calledNumberOf,
  identifyCaller,
  normaliseDialled,
  type Caller,
  type Dialled,
  type Line,
} from '../line/index.js';
import type {
  Binding,
  Credentials,
  IncomingSession,
  InviteSession,
  OutgoingInvite,
} from '../sip/index.js';
import { TransferDesk } from './transfer-desk.js';
import type {
  BridgeCommand,
  BridgeEvent,
  LegHealth,
  LegId,
  Speaker,
} from './bridge/bridge-protocol.js';
import type { CallConfig } from './call-config.js';
import type {
  CallEnvironment,
  CallFault,
  CallNews,
  CallRecorder,
  Invitation,
  RingList,
  StoredCall,
} from './call-environment.js';
import { beginCall } from './call-machine.js';
import { Occupancy } from './occupancy.js';
import type { CallBeginning } from './call-record.js';
import { refusedCall } from './refused-call.js';
import type { CallRules, CallState, RingTarget } from './call-state.js';
import {
  callerAddress,
  callerForLog,
  inviteLine,
  invitePhone,
  type BoxIdentity,
  type Phone,
} from './invitations.js';
import type { LegAbility } from './leg-media.js';
import { LiveCall } from './live-call.js';

/** Where a session comes from, once it has been let in. */
export type Origin =
  { readonly kind: 'line' } | { readonly kind: 'phone'; readonly extension: string };

/** What the shop's policy says about a caller before the phones ring. */
export interface CallerPolicy {
  readonly announce: boolean;
}

export interface ExchangeOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly random: Random;
  readonly recorder: CallRecorder;
  readonly line: Line;
  readonly lineCredentials: Credentials | null;
  readonly phones: readonly Phone[];
  readonly box: BoxIdentity;
  readonly config: CallConfig;
  readonly detect: boolean;
  contactsOf(extension: string): readonly Binding[];
  /** Asked at each incoming call: a file that broke since is not waited for. */
  announcement(): CallRules['announcement'];
  policyFor(caller: Caller): CallerPolicy;
  invite(invite: OutgoingInvite): InviteSession;
  toBridge(command: BridgeCommand): void;
  onChange(stored: StoredCall): void;
  onNews(news: CallNews, state: CallState): void;
  onFault(fault: CallFault, callId: string): void;
  onLegHealth(callId: string, speaker: Speaker, legId: LegId, health: LegHealth): void;
  onDigit(callId: string, who: string, digit: string): void;
}

/** How long after a call to 110, 118 or 119 no incoming call is refused: those who help may be rung back. */
const RING_BACK_MS = 30 * 60_000;
/** On an analog line a caller's hanging up may arrive as nothing at all. */
const ANALOG_SILENCE_S = 60;
/** Calls at once of every kind; emergency calls are not counted. */
const CALLS_MAX = 16;
/** Subscriber numbers of the line have five digits and more. */
const EXTENSION_LENGTH_MAX = 4;
/** Callers who wait for a free phone at once. */
const WAITING_MAX = 4;
/** How long the outside may ring before we give up; it usually gives up first (RFC 3261 §16.6, timer C). */
const OUTGOING_RING_MAX_MS = 180_000;
/** Nobody's call for help is ended by us, however long it queues. */
const EMERGENCY_RING_MAX_MS = 3_600_000;
const PHONE_ABILITY: LegAbility = { codecs: ['PCMU', 'PCMA'], telephoneEventPayloadType: 101 };

/** The exchange: lets calls in, knows which are alive, and brings each event to its call. No audio crosses between them. */
export class Exchange {
  readonly #options: ExchangeOptions;
  readonly #calls = new Map<string, LiveCall>();
  #emergencyCalledMs: number | null = null;
  readonly #environment: CallEnvironment;
  readonly #occupancy: Occupancy;
  readonly #desk: TransferDesk;
  /** Told when the last call is closed, at the stop. */
  #onQuiet: (() => void) | null = null;

  constructor(options: ExchangeOptions) {
    this.#options = options;
    const { phones, line } = options;
    const calls = (): Iterable<LiveCall> => this.#calls.values();
    const contactsOf = (extension: string): readonly Binding[] => options.contactsOf(extension);
    this.#occupancy = new Occupancy({ phones, line, contactsOf, calls });
    this.#desk = new TransferDesk({ phones, contactsOf, calls });
    this.#environment = {
      ...options,
      abilityOf: (who) => (who === 'line' ? this.#lineAbility() : PHONE_ABILITY),
      invitationsFor: (target, call) => this.#invitationsFor(target, call),
    };
  }

  /** Calls alive, those being closed too. */
  get calls(): Iterable<LiveCall> {
    return this.#calls.values();
  }

  call(id: string): LiveCall | undefined {
    return this.#calls.get(id);
  }

  /** An INVITE that was screened: from the line, or from a phone that proved who it is. */
  onIncoming(session: IncomingSession, origin: Origin): void {
    const { replaces } = session;
    const extension = origin.kind === 'phone' ? origin.extension : null;
    if (replaces !== null) return this.#desk.onReplaces(session, replaces, extension);
    if (extension === null) this.#fromLine(session);
    else this.#fromPhone(session, extension);
  }

  onBridgeEvent(event: BridgeEvent): void {
    if (!('legId' in event)) return;
    // A leg may have gone over to a call that did not name it.
    for (const call of this.#calls.values()) call.onBridgeEvent(event);
  }

  /** A phone has registered, or is gone: somebody may wait for it. */
  phonesChanged(): void {
    this.#serveWaiting();
  }

  /** Ends every call, at the box's stop. */
  hangUpAll(): void {
    for (const call of this.#calls.values()) call.dispatch({ name: 'hangUp' });
  }

  /** Ends every call and waits until the recordings are closed, at most `deadlineMs`. */
  close(deadlineMs: number): Promise<void> {
    this.hangUpAll();
    if (this.#calls.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const deadline = this.#options.clock.after(deadlineMs, resolve);
      this.#onQuiet = () => {
        deadline.cancel();
        resolve();
      };
    });
  }

  #fromLine(session: InviteSession): void {
    const { line, log } = this.#options;
    const caller = identifyCaller(session.invite, line, true);
    const beginning: CallBeginning = {
      id: this.#newId(),
      direction: 'incoming',
      caller,
      extension: null,
      called: calledNumberOf(session.invite, line.profile) ?? '',
      emergency: false,
    };
    const opening = this.#openingFor();
    log.info('callIncoming', { callId: beginning.id, caller: callerForLog(caller), opening });
    if (opening === 'refuse') return this.#refuse(session, beginning);
    session.ring();
    const { announce } = this.#options.policyFor(caller);
    this.#start(session, beginning, {
      announcement: announce ? this.#options.announcement() : 'skip',
      opening,
      target: { kind: 'allPhones' },
    });
  }

  #fromPhone(session: InviteSession, extension: string): void {
    const { line, phones, log } = this.#options;
    const user = session.invite.uri.user;
    const id = this.#newId();
    if (phones.some((phone) => phone.extension === user)) {
      if (this.#desk.isOnlyItself(extension, user) || this.#isFull) return session.reject(486);
      const caller = {
        kind: 'number',
        number: extension,
        displayName: this.#nameOf(extension),
      } as const;
      const beginning = {
        id,
        direction: 'internal',
        caller,
        extension,
        called: user,
        emergency: false,
      } as const;
      log.info('callInternal', { callId: id, from: extension, to: user });
      return this.#start(session, beginning, {
        target: { kind: 'extension', extension: user },
        record: false,
      });
    }
    const dialled = normaliseDialled(user, line.outsidePrefix);
    if (dialled === null || isNoExtension(user, phones)) return session.reject(404);
    this.#toLine(session, extension, dialled, id);
  }

  #toLine(session: InviteSession, extension: string, dialled: Dialled, id: string): void {
    const { line, log } = this.#options;
    const { emergency, called, digits } = dialled;
    // 110, 118, 119 pass ahead of any limit.
    const isFull = this.#isFull || this.#occupancy.callsOnLine >= line.callsMax;
    if (!emergency && isFull) return session.reject(486);
    const caller = { kind: 'number', number: called, displayName: '' } as const;
    if (emergency) this.#emergencyCalledMs = this.#options.clock.monotonicMs();
    log.info('callOutgoing', { callId: id, from: extension, emergency });
    const beginning = { id, direction: 'outgoing', caller, extension, called, emergency } as const;
    this.#start(session, beginning, {
      target: { kind: 'line', number: digits },
      ringMs: emergency ? EMERGENCY_RING_MAX_MS : OUTGOING_RING_MAX_MS,
      // Nobody judges a call for help.
      detect: this.#options.detect && !emergency,
      record: !emergency || this.#options.config.recordEmergencyCalls,
    });
  }

  #start(session: InviteSession, beginning: CallBeginning, change: Partial<CallRules>): void {
    const { clock, config, line, detect } = this.#options;
    const rules: CallRules = {
      announcement: 'skip',
      opening: 'announce',
      target: { kind: 'allPhones' },
      ringMs: config.ringSeconds * 1_000,
      waitMs: config.waitSeconds * 1_000,
      // With several phones the next one is soon free: nobody who was answered is sent away.
      whenBusy:
        config.secondCall === 'wait' || this.#occupancy.registered.length > 1 ? 'wait' : 'refuse',
      record: true,
      detect: detect && beginning.direction !== 'internal',
      busyToneEnds: line.profile.hangsUpByTone,
      silenceEndsAfterMs: this.#silenceEndsAfterMs(),
      ...change,
    };
    const call = new LiveCall(beginCall(beginning, rules, clock.wallMs()), this.#environment, {
      onRefer: (one, party, refer) => this.#desk.onRefer(one, party, refer),
      onStepped: () => this.#serveWaiting(),
      onFinished: (one) => {
        this.#calls.delete(one.id);
        if (this.#calls.size === 0) this.#onQuiet?.();
      },
    });
    this.#calls.set(call.id, call);
    call.start(session);
  }

  /** A caller who finds no free phone is told so, or waits behind those who wait already. */
  #openingFor(): CallRules['opening'] | 'refuse' {
    const { config, line } = this.#options;
    if (this.#isFull) return 'refuse';
    const { registered, hasFreePhone, waiting, callsOnLine } = this.#occupancy;
    const isFree = registered.length === 0 || (hasFreePhone && waiting.length === 0);
    if (isFree && callsOnLine < line.callsMax) return 'announce';
    // The one who was called for help may ring back: nobody is turned away then.
    if (config.secondCall === 'busy' && !this.#mayBeRungBack) return 'refuse';
    return waiting.length < WAITING_MAX ? 'wait' : 'refuse';
  }

  get #mayBeRungBack(): boolean {
    const calledMs = this.#emergencyCalledMs;
    return calledMs !== null && this.#options.clock.monotonicMs() - calledMs < RING_BACK_MS;
  }

  #silenceEndsAfterMs(): number | null {
    const { config, line } = this.#options;
    const seconds =
      config.silenceEndsSeconds ?? (line.profile.hangsUpByTone ? ANALOG_SILENCE_S : 0);
    return seconds === 0 ? null : seconds * 1_000;
  }

  #refuse(session: InviteSession, beginning: CallBeginning): void {
    session.onEvent = () => undefined;
    session.reject(486);
    const state = refusedCall(beginning, this.#options.clock.wallMs());
    this.#options.onChange({ state, dialogs: [] });
    this.#options.onNews('rejected', state);
  }

  /** Puts through those who wait while there is a phone for them. */
  #serveWaiting(): void {
    for (const call of this.#occupancy.waiting) {
      if (!this.#occupancy.canServe) return;
      call.dispatch({ name: 'phoneFree' });
    }
  }

  #invitationsFor(target: RingTarget, call: CallState): RingList {
    const { box, line, lineCredentials } = this.#options;
    if (target.kind === 'line') return [inviteLine(target.number, line, lineCredentials, box)];
    const from = callerAddress(call.record, box);
    const ring = (extension: string): readonly Invitation[] =>
      invitePhone(extension, this.#options.contactsOf(extension), from, box);
    if (target.kind === 'extension') {
      return ring(target.extension);
    }
    const { freePhones, registered } = this.#occupancy;
    if (freePhones.length === 0) return registered.length === 0 ? 'unregistered' : 'busy';
    return freePhones.flatMap(({ extension }) => ring(extension));
  }

  #lineAbility(): LegAbility {
    const { profile } = this.#options.line;
    // Extra codecs get 488 on the NGN; elsewhere the line may be A-law.
    const codecs = profile.name === 'hgw' ? (['PCMU'] as const) : (['PCMU', 'PCMA'] as const);
    return { codecs, telephoneEventPayloadType: profile.offeredTelephoneEventPayloadType };
  }

  get #isFull(): boolean {
    return this.#calls.size >= CALLS_MAX;
  }

  #nameOf(extension: string): string {
    return this.#options.phones.find((phone) => phone.extension === extension)?.name ?? extension;
  }

  #newId(): string {
    return randomHex(this.#options.random, 8);
  }
}

/** A misdialled extension: as long as ours are, and no number of the line begins so and is so short. */
function isNoExtension(dialled: string, phones: readonly Phone[]): boolean {
  return (
    /^[2-9]\d*$/.test(dialled) &&
    phones.some(({ extension }) => extension.length === dialled.length) &&
    dialled.length <= EXTENSION_LENGTH_MAX
  );
}
