import { silentLog, systemClock, systemRandom } from '../../base/index.js';
import {
  createAnswer,
  createOffer,
  createRegistration,
  negotiateAnswer,
  type IncomingSession,
  type InviteSession,
  type Registration,
  type SessionEnd,
} from '../../agent/sip/index.js';
import { deferred } from '../measure/deferred.js';
import { wait } from '../measure/measurement.js';
import {
  BOX,
  nameAddr,
  newSessionId,
  openParty,
  REAL_GROUND,
  sipUri,
  type Party,
} from './party.js';
import {
  BOX_ADDRESS,
  extensionOf,
  GATEWAY_ADDRESS,
  LINE_USER,
  passwordOf,
  phoneAddress,
} from './place.js';
import { Voice } from './voice.js';

/** From the INVITE until both talk: the announcement, ringing, and room for a busy machine. */
const CONNECT_MS = 30_000;
const REGISTER_MS = 10_000;
const END_MS = 5_000;
/** How long a phone rings before it is picked up. */
const RING_MS = 200;

/** A call from outside to a phone of the shop, with a voice at both ends. */
export interface ShopCall {
  readonly caller: Voice;
  readonly staff: Voice;
  readonly extension: string;
  /** How it ended, when it did not by `hangUp`. */
  readonly lost: () => SessionEnd | null;
  /** The caller hangs up; resolves when both sides have ended. */
  hangUp(): Promise<void>;
}

interface PhoneCall {
  readonly session: InviteSession;
  readonly voice: Voice;
  readonly ended: Promise<SessionEnd>;
}

interface Phone {
  readonly extension: string;
  readonly party: Party;
  readonly registration: Registration;
  current: PhoneCall | null;
}

const within = async <Value>(
  limitMs: number,
  what: string,
  promise: Promise<Value>,
): Promise<Value> => {
  let timeout: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timeout = setTimeout(() => reject(new Error(`not within ${limitMs} ms: ${what}`)), limitMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timeout);
  }
};

/** All that stands around the box: the gateway of the line, and the shop's phones. In this process, on real UDP. */
export class Shop {
  readonly #gateway: Party;
  readonly #phones: readonly Phone[];
  /** Who picks up next, and whom that tells. */
  #next: { readonly extension: string; readonly onPickedUp: (call: PhoneCall) => void } | null =
    null;
  #callers = 0;

  private constructor(gateway: Party, phones: readonly Phone[]) {
    this.#gateway = gateway;
    this.#phones = phones;
  }

  /** Resolves when all phones are registered at the box, which must be up. */
  static async open(phoneCount: number): Promise<Shop> {
    const gateway = await openParty(REAL_GROUND, GATEWAY_ADDRESS, (session) => session.reject(486));
    const phones: Phone[] = [];
    const shop = new Shop(gateway, phones);
    for (let index = 0; index < phoneCount; index += 1) phones.push(await shop.#openPhone(index));
    return shop;
  }

  /** Calls the shop; a phone that is free picks up, while the others only ring. One call at a time may be on its way. */
  async call(): Promise<ShopCall> {
    const phone = this.#phones.find(({ current }) => current === null);
    if (phone === undefined) throw new Error('no phone is free');
    const { extension } = phone;
    const pickedUp = deferred<PhoneCall>();
    this.#next = { extension, onPickedUp: pickedUp.resolve };
    const line = await this.#dial();
    const picked = await within(CONNECT_MS, `pick up at ${extension}`, pickedUp.promise);
    await within(CONNECT_MS, 'the answer to the caller', line.answered);
    return {
      caller: line.voice,
      staff: picked.voice,
      extension,
      lost: line.lost,
      hangUp: async () => {
        line.session.hangUp();
        await within(END_MS, 'the end of the call', Promise.all([line.ended, picked.ended]));
      },
    };
  }

  async close(): Promise<void> {
    await Promise.all(
      this.#phones.map(async ({ registration, party }) => {
        await registration.close();
        await party.close();
      }),
    );
    await this.#gateway.close();
  }

  async #dial(): Promise<{
    readonly session: InviteSession;
    readonly voice: Voice;
    readonly answered: Promise<void>;
    readonly ended: Promise<SessionEnd>;
    readonly lost: () => SessionEnd | null;
  }> {
    const voice = await Voice.open(GATEWAY_ADDRESS);
    const number = `0900000${String(1_000 + (this.#callers++ % 9_000))}`;
    const sdp = createOffer({
      sessionId: newSessionId(),
      previous: null,
      address: GATEWAY_ADDRESS,
      port: voice.port,
      telephoneEventPayloadType: 101,
    });
    const uri = sipUri(LINE_USER, BOX_ADDRESS);
    const session = this.#gateway.agent.invite({
      requestUri: uri,
      from: nameAddr(sipUri(number, GATEWAY_ADDRESS)),
      to: nameAddr(uri),
      contact: sipUri(number, GATEWAY_ADDRESS),
      target: BOX,
      route: [],
      headers: [],
      sdp,
      credentials: null,
    });
    let end: SessionEnd | null = null;
    const answered = deferred();
    const ended = deferred<SessionEnd>();
    session.onEvent = (event) => {
      if (event.name === 'answered' && event.sdp !== null) {
        connect(voice, sdp, event.sdp);
        answered.resolve();
      }
      if (event.name === 'offer') session.rejectOffer(488);
      if (event.name !== 'ended') return;
      end = event.end;
      void voice.close().then(() => ended.resolve(event.end));
    };
    return {
      session,
      voice,
      answered: answered.promise,
      ended: ended.promise,
      lost: () => end,
    };
  }

  async #openPhone(index: number): Promise<Phone> {
    const extension = extensionOf(index);
    const address = phoneAddress(index);
    const phones: Phone[] = [];
    const party = await openParty(REAL_GROUND, address, (session) => {
      for (const phone of phones) void this.#ring(phone, session);
    });
    const registered = deferred();
    const registration = createRegistration({
      transactions: party.transactions,
      clock: systemClock,
      random: systemRandom,
      log: silentLog,
      registrar: sipUri('', BOX_ADDRESS),
      addressOfRecord: sipUri(extension, BOX_ADDRESS),
      contact: sipUri(extension, address),
      target: BOX,
      credentials: { user: extension, password: passwordOf(extension) },
      onStatus: ({ state }) => {
        if (state === 'registered') registered.resolve();
      },
    });
    const phone: Phone = { extension, party, registration, current: null };
    phones.push(phone);
    registration.start();
    await within(REGISTER_MS, `registration of ${extension}`, registered.promise);
    return phone;
  }

  async #ring(phone: Phone, session: IncomingSession): Promise<void> {
    if (phone.current !== null) {
      session.reject(486);
      return;
    }
    const ended = deferred<SessionEnd>();
    session.onEvent = (event) => {
      if (event.name === 'offer') session.rejectOffer(488);
      if (event.name === 'ended') ended.resolve(event.end);
    };
    // Whoever was meant when it began to ring: a CANCEL may still be on its way when the next call is.
    const next = this.#next;
    session.ring();
    await wait(RING_MS);
    if (next?.extension !== phone.extension || next !== this.#next) return;
    if (session.state === 'ended') return;
    this.#next = null;
    const voice = await Voice.open(phone.party.address);
    const call: PhoneCall = { session, voice, ended: ended.promise };
    phone.current = call;
    void ended.promise.then(() => {
      phone.current = null;
      void voice.close();
    });
    answer(session, voice, phone.party.address);
    next.onPickedUp(call);
  }
}

function answer(session: IncomingSession, voice: Voice, address: string): void {
  const offer = Buffer.from(session.invite.body).toString();
  const outcome = createAnswer(offer, {
    sessionId: newSessionId(),
    previous: null,
    address,
    port: voice.port,
  });
  if (outcome.kind === 'refused') {
    session.reject(488);
    return;
  }
  session.accept(outcome.sdp);
  voice.connect(outcome.agreed.remoteAddress, outcome.agreed.remoteRtpPort);
}

function connect(voice: Voice, offer: string, answerSdp: string): void {
  const outcome = negotiateAnswer(offer, answerSdp);
  if (outcome.kind === 'refused') throw new Error(`the box answered ${answerSdp}`);
  voice.connect(outcome.agreed.remoteAddress, outcome.agreed.remoteRtpPort);
}
