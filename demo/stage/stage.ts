import { fileURLToPath } from 'node:url';
import { systemRandom, type Clock } from '../../base/index.js';
import { peerEvent, type PeerCommand, type PeerEvent } from '../peer/control.js';
import { parseJsonLine } from '../peer/json-lines.js';
import { NOTHING_SHOWN, prove, type Happening, type Proof } from '../proof.js';
import type { Screen, Speaker, ViewEvent, WatchEvent } from '../view/index.js';
import { BoxLink, type BoxStatus, type StoredCall } from './box-link.js';
import { LINE_USER, makeBoxFolder, PHONE, type BoxFolder } from './box-folder.js';
import { Child } from './child.js';
import { Happenings } from './happenings.js';
import { findPlaces, type Places } from './places.js';

/** Compiled, this stands in dist/demo/stage. */
const script = (path: string): string =>
  fileURLToPath(new URL(`../../../${path}`, import.meta.url));
const COMMAND = script('bin/tatebako.mjs');

/** Events that are kept for `events.jsonl`; a call of the demonstration has some hundreds. */
const EVENTS_MAX = 20_000;
const LOST_WAIT_MS = 1_000;
/** Lines of a lost process that a person is shown. */
const LAST_WORDS = 5;
/** The record is complete a moment after the call's end. */
const RECORD_TRIES = 20;
const RECORD_RETRY_MS = 250;

/** A gateway or phone that takes commands. */
export interface Led {
  send(command: PeerCommand): void;
}

/** Everyone who plays, each a process of its own, and what has been shown so far. */
export class Stage {
  readonly folder: BoxFolder;
  readonly places: Places;
  readonly happenings: Happenings;
  readonly link: BoxLink;
  readonly gateway: Led;
  readonly phone: Led;
  readonly #screen: Screen;
  readonly #clock: Clock;
  readonly #agent: Child;
  readonly #children: readonly Child[];
  readonly #events: string[] = [];
  #proof: Proof = NOTHING_SHOWN;
  #shownStatus = '';
  #call: { readonly json: string; readonly record: StoredCall } | null = null;
  #isClosing = false;

  private constructor(place: { folder: BoxFolder; places: Places }, screen: Screen, clock: Clock) {
    this.folder = place.folder;
    this.places = place.places;
    this.#screen = screen;
    this.#clock = clock;
    this.happenings = new Happenings(clock);
    this.link = new BoxLink(this.folder.agentSocket, clock);
    const config = ['--config', this.folder.configFile];
    const firmware = this.#start('firmware', [
      COMMAND,
      'firmware',
      ...config,
      '--simulate',
      '--json',
    ]);
    const gateway = this.#startPeer('gateway');
    const phone = this.#startPeer('phone');
    gateway.send({
      do: 'openGateway',
      address: this.places.gatewayAddress,
      port: this.places.gatewayPort,
      user: LINE_USER,
      password: this.folder.passwords.line,
    } satisfies PeerCommand);
    const agent = this.#start('agent', [COMMAND, 'run', ...config]);
    this.gateway = gateway;
    this.phone = phone;
    // The agent ends first: it takes its registration back at a gateway that still stands.
    this.#agent = agent;
    this.#children = [agent, phone, gateway, firmware];
  }

  static async open(screen: Screen, clock: Clock): Promise<Stage> {
    const places = await findPlaces(systemRandom.fraction());
    const folder = await makeBoxFolder(places, systemRandom);
    return new Stage({ folder, places }, screen, clock);
  }

  get proof(): Proof {
    return this.#proof;
  }

  /** The last call's record as JSON; null until it was read. */
  get callJson(): string | null {
    return this.#call?.json ?? null;
  }

  /** The agent's log, as far as it is kept. */
  get agentLog(): readonly string[] {
    return this.#agent.lastLines;
  }

  /** What the box told since the start, JSON lines. */
  get events(): readonly string[] {
    return this.#events;
  }

  watch(): void {
    this.link.watch(
      (event) => this.#onBoxEvent(event),
      (why) => {
        // Where the process itself ended, its last words say more.
        this.#clock.after(LOST_WAIT_MS, () => {
          if (!this.#isClosing) this.happenings.stop(`agent との接続が切れました: ${why}`);
        });
      },
    );
  }

  openPhone(ringMs: number): void {
    this.phone.send({
      do: 'openPhone',
      address: this.places.boxAddress,
      port: 0,
      user: PHONE,
      password: this.folder.passwords.phone,
      boxAddress: this.places.boxAddress,
      boxPort: this.places.sipPort,
      ringMs,
    });
  }

  /** Asks the box, and shows what changed. @returns null while it does not answer */
  async status(): Promise<BoxStatus | null> {
    const status = await this.link.status();
    if (this.happenings.stopped !== null) throw this.happenings.stopped;
    if (status === null) return null;
    const shown = {
      kind: 'status',
      line: status.line.state === 'up' ? 'ready' : status.line.state,
      phones: status.phones.filter(({ registered }) => registered).length,
      detector: status.detector.state === 'down' ? 'failed' : status.detector.state,
      detectorReason: status.detector.reason ?? null,
    } as const;
    this.#show(shown);
    return status;
  }

  /** Forgets what an earlier call has shown. */
  beginCall(): void {
    this.#proof = NOTHING_SHOWN;
    this.#call = null;
  }

  /** A call from outside comes in. */
  dial(number: string, called: string): void {
    this.#show({ kind: 'dialled', number });
    this.gateway.send({ do: 'call', number, called });
  }

  beginLine(speaker: Speaker, text: string): void {
    this.#tell({ from: 'script', speaker });
    this.#show({ kind: 'script', speaker, text });
  }

  endLine(speaker: Speaker): void {
    this.#show({ kind: 'script', speaker, text: null });
  }

  note(text: string): void {
    this.#show({ kind: 'note', text });
  }

  /** Reads the call's record once it is complete. */
  async readRecord(): Promise<void> {
    const { callId } = this.#proof;
    if (callId === null) return;
    for (let n = 0; n < RECORD_TRIES; n += 1) {
      const call = await this.link.call(callId).catch(() => null);
      const isComplete = call !== null && call.record.endedAtMs !== null;
      if (isComplete && (call.record.recording !== null || n === RECORD_TRIES - 1)) {
        this.#call = call;
        this.#tell({ from: 'memory', call: call.record });
        return;
      }
      await this.happenings.pause(RECORD_RETRY_MS);
    }
  }

  /** Ends every process, in the order that they need. */
  async close(): Promise<void> {
    this.#isClosing = true;
    this.link.close();
    for (const child of this.#children) await child.end();
  }

  /** At once; for when this process ends. */
  kill(): void {
    for (const child of this.#children) child.kill();
  }

  #start(name: string, words: readonly string[], onLine?: (line: string) => void): Child {
    return new Child({
      name,
      script: words,
      clock: this.#clock,
      onLine: (line) => onLine?.(line),
      onLost: (child) => {
        const last = child.lastLines.slice(-LAST_WORDS).join('\n  ');
        this.happenings.stop(`${name} が止まりました (${child.exit ?? '?'})\n  ${last}`);
      },
    });
  }

  #startPeer(name: 'gateway' | 'phone'): Child {
    return this.#start(name, [script(`dist/demo/${name}-main.js`)], (line) => {
      const event = parseJsonLine(line, peerEvent);
      if (event !== null) this.#onPeerEvent(name, event);
    });
  }

  #onBoxEvent(event: WatchEvent): void {
    if (this.#events.length < EVENTS_MAX) this.#events.push(JSON.stringify(event));
    this.#show(event);
    this.#tell({ from: 'box', event });
  }

  #onPeerEvent(from: 'gateway' | 'phone', event: PeerEvent): void {
    if (event.event === 'rang') {
      this.#show({ kind: 'phoneRang', displayName: event.displayName });
    }
    if (event.event === 'failed' && !this.#isClosing) {
      this.happenings.stop(`${from}: ${event.reason}`);
    }
    this.#tell({ from, event });
  }

  #tell(happening: Happening): void {
    this.#proof = prove(this.#proof, happening);
    this.happenings.tell();
  }

  #show(event: ViewEvent): void {
    if (event.kind === 'status') {
      // The box tells of it, and we ask: the same twice is once.
      const { line, phones, detector } = event;
      const text = `${line} ${phones} ${detector}`;
      if (text === this.#shownStatus) return;
      this.#shownStatus = text;
    }
    this.#screen.show(event);
  }
}
