import { messageOf } from '../../../base/index.js';
import { BridgeLeg } from './bridge-leg.js';
import type { BridgeEnvironment, TapOutlets } from './bridge-environment.js';
import type { BridgeCommand, BridgeSettings, LegHealth, LegId } from './bridge-protocol.js';
import type { LegOutput } from './leg-output.js';
import type { MixVoice } from './mix-audio.js';
import { PROMPTS_MAX, PromptShelf } from './prompt-shelf.js';

type Command<Name extends BridgeCommand['do']> = Extract<BridgeCommand, { do: Name }>;
type LegCommand = Exclude<
  Extract<BridgeCommand, { legId: LegId }>,
  Command<'openLeg'> | Command<'closeLeg'>
>;

/** Says of a leg that was never there, or has gone. */
const NOTHING_HEARD: LegHealth = {
  packetsReceived: 0,
  packetsLost: 0,
  packetsLate: 0,
  packetsDuplicate: 0,
  packetsRefused: 0,
  packetsSent: 0,
  jitterMs: 0,
  roundTripMs: null,
  levelDbov: -127,
};

/**
 * The media of all calls: legs by name, and who hears whom. Takes commands, tells events, and knows nothing of calls,
 * SIP or threads.
 *
 *   openLeg -> opening -- ports bound --> open -- closeLeg --> gone, told by legClosed
 *                 \------ none free ----> gone, told by legFailed
 */
export class Bridge {
  readonly #settings: BridgeSettings;
  readonly #environment: BridgeEnvironment;
  readonly #shelf = new PromptShelf();
  readonly #legs = new Map<LegId, BridgeLeg>();
  /** One announcement is read after the other. */
  #loading = Promise.resolve();
  #loadingCount = 0;
  #outlets: TapOutlets = { record: null, detect: null };
  /** Where the next leg begins to look for a port: round the range, so that none is used again at once. */
  #nextPort: number;

  constructor(settings: BridgeSettings, environment: BridgeEnvironment) {
    this.#settings = settings;
    this.#environment = environment;
    this.#nextPort = settings.firstPort;
  }

  /** Legs that are open or opening. */
  get legCount(): number {
    return this.#legs.size;
  }

  /** Puts the taps' listeners in, or new ones in their place. */
  connect(outlets: TapOutlets): void {
    this.#outlets = outlets;
  }

  /** Obeys one command. What it names and is not there (any more) is no error: ends cross on the way. */
  handle(command: BridgeCommand): void {
    switch (command.do) {
      case 'loadPrompt':
        this.#expectPrompt(command);
        return;
      case 'openLeg':
        void this.#openLeg(command);
        return;
      case 'closeLeg':
        void this.#closeLeg(command.legId);
        return;
      case 'close':
        void this.close();
        return;
      default: {
        const leg = this.#legs.get(command.legId);
        if (leg !== undefined) this.#tellLeg(leg, command);
      }
    }
  }

  /** Closes all legs; each tells its last numbers. */
  async close(): Promise<void> {
    await Promise.all([...this.#legs.keys()].map((legId) => this.#closeLeg(legId)));
  }

  #tellLeg(leg: BridgeLeg, command: LegCommand): void {
    switch (command.do) {
      case 'setRemote':
        leg.setRemote(command.remote);
        return this.#rewire();
      case 'setSource':
        leg.output.setSource(command.source);
        return this.#rewire();
      case 'sendDigit':
        return leg.output.sendDigit(command.digit, command.durationMs);
      case 'tap':
        return leg.tap(command.record, command.detect);
      case 'listenForTones':
        return leg.ear.listenFor(command.tones);
      case 'watchSilence':
        return leg.watchSilence(command.afterMs);
      case 'assignLeg':
        return leg.assign({ callId: command.callId, speaker: command.speaker });
    }
  }

  async #openLeg({ legId, callId, speaker, port }: Command<'openLeg'>): Promise<void> {
    const { onEvent } = this.#environment;
    if (this.#legs.has(legId)) {
      this.#environment.onFault({ what: 'commandRefused', legId, message: 'the leg is open' });
      return;
    }
    if (this.#legs.size >= this.#settings.legsMax) {
      const reason = `all ${this.#settings.legsMax} legs are in use`;
      onEvent({ name: 'legFailed', legId, reason });
      return;
    }
    const leg = new BridgeLeg({
      legId,
      names: { callId, speaker },
      environment: this.#environment,
      settings: this.#settings,
      shelf: this.#shelf,
      outlets: () => this.#outlets,
    });
    // In the map at once: what is said of it while it opens must not be lost.
    this.#legs.set(legId, leg);
    this.#rewire();
    try {
      const socket = await this.#openSocket(leg, port);
      if (this.#legs.get(legId) !== leg) {
        await socket.close();
        return;
      }
      leg.attach(socket);
      const address = this.#settings.advertisedAddress;
      onEvent({ name: 'legOpened', legId, address, rtpPort: socket.rtpPort });
    } catch (cause) {
      if (this.#legs.get(legId) !== leg) return;
      this.#legs.delete(legId);
      await leg.close();
      this.#rewire();
      onEvent({ name: 'legFailed', legId, reason: messageOf(cause) });
    }
  }

  #openSocket(leg: BridgeLeg, port: number | null): ReturnType<BridgeEnvironment['openSocket']> {
    const { clock, openSocket, onFault } = this.#environment;
    const { bindAddress, firstPort, lastPort } = this.#settings;
    const startPort = this.#nextPort;
    this.#nextPort = startPort + 3 > lastPort ? firstPort : startPort + 2;
    let isReported = false;
    return openSocket({
      clock,
      address: bindAddress,
      ...(port === null
        ? { firstPort, lastPort, startPort }
        : { firstPort: port, lastPort: port + 1 }),
      onRtp: leg.onRtp,
      onRtcp: leg.onRtcp,
      onError: (cause) => {
        // One line a leg: a route that is down fails fifty times a second.
        if (!isReported) onFault({ what: 'socketError', legId: leg.legId, message: cause.message });
        isReported = true;
      },
    });
  }

  async #closeLeg(legId: LegId): Promise<void> {
    const leg = this.#legs.get(legId);
    this.#legs.delete(legId);
    // Also for a leg that could not be opened while its end was on the way: whoever closes waits for the answer.
    const closing = leg?.close() ?? Promise.resolve(NOTHING_HEARD);
    this.#rewire();
    this.#environment.onEvent({ name: 'legClosed', legId, health: await closing });
  }

  #expectPrompt(command: Command<'loadPrompt'>): void {
    const { promptId } = command;
    if (this.#loadingCount >= PROMPTS_MAX || !this.#shelf.expect(promptId)) {
      const reason = `more than ${PROMPTS_MAX} announcements`;
      this.#environment.onEvent({ name: 'promptFailed', promptId, reason });
      return;
    }
    this.#loadingCount++;
    this.#loading = this.#loading.then(() => this.#loadPrompt(command));
  }

  async #loadPrompt({ promptId, file, maxMs }: Command<'loadPrompt'>): Promise<void> {
    const { onEvent, loadPrompt } = this.#environment;
    try {
      const prompt = await loadPrompt(file, maxMs);
      this.#shelf.put(promptId, prompt);
      onEvent({ name: 'promptLoaded', promptId, durationMs: prompt.durationMs });
    } catch (cause) {
      this.#shelf.giveUp(promptId);
      onEvent({ name: 'promptFailed', promptId, reason: messageOf(cause) });
    }
    this.#loadingCount--;
    for (const leg of this.#legs.values()) leg.output.wake();
  }

  /** Works out who hears whom, so that a packet finds its way without looking anything up. */
  #rewire(): void {
    const relayTo = new Map<LegId, LegOutput[]>();
    const mixInto = new Map<LegId, MixVoice[]>();
    for (const { output } of this.#legs.values()) {
      const from = output.relaysFrom;
      const source = from === null ? undefined : this.#legs.get(from);
      output.setRelay(source?.remote ?? null);
      if (source !== undefined) listOf(relayTo, source.legId).push(output);
      for (const [legId, voice] of output.voices) listOf(mixInto, legId).push(voice);
    }
    for (const leg of this.#legs.values()) {
      leg.setHearers(relayTo.get(leg.legId) ?? [], mixInto.get(leg.legId) ?? []);
    }
  }
}

function listOf<Item>(lists: Map<LegId, Item[]>, legId: LegId): Item[] {
  const known = lists.get(legId);
  if (known !== undefined) return known;
  const list: Item[] = [];
  lists.set(legId, list);
  return list;
}
