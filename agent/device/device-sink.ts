import { credentials, Metadata, type ClientReadableStream, type ServiceError } from '@grpc/grpc-js';
import type { Clock, Log, Timer } from '../../base/index.js';
import type { Pattern } from '../../proto/index.js';
import { HardwareClient, Key, type KeyEvent } from '../../proto/index.js';
import type { AlarmStatus, AlertSink } from '../alert/index.js';
import { patternOf, type BoxActivity } from './pattern-of.js';

/** How long the line stays on the box when the agent falls silent, ms. */
export const LEASE_MS = 3_000;
/** Two renewals may be lost. */
export const RENEW_EVERY_MS = 1_000;
/** Of every rpc, as hardware.proto says, ms. */
export const RPC_DEADLINE_MS = 1_000;
/** Until the stream of keys is opened again, ms. */
export const KEYS_RETRY_MS = 500;

export interface DeviceKeyPress {
  readonly key: 'sos' | 'acknowledge' | 'reset';
  /** 0: just pressed. SOS comes again when it is held for 3 s; reset comes only after 10 s. */
  readonly heldMs: number;
  /** Unix ms. */
  readonly atWallMs: number;
}

/** Whether the hardware daemon answers. */
export type DeviceState = 'here' | 'away';

export interface DeviceSinkOptions {
  /** Absolute. */
  readonly socketPath: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly onKey: (press: DeviceKeyPress) => void;
  /** At each change; `away` from the start until the daemon first answers. */
  readonly onState?: (state: DeviceState) => void;
}

/** Lamp, buzzer, buttons and relay of this box. Whether the daemon is there or not, nothing here throws or waits. */
export interface DeviceSink extends AlertSink {
  readonly state: DeviceState;
  /** What the lamp says when there is no alarm. */
  setActivity(activity: Partial<BoxActivity>): void;
  /** Lets the line go to the bypass at the end of the lease. */
  close(): void;
}

const KEY_NAMES: ReadonlyMap<Key, DeviceKeyPress['key']> = new Map<Key, DeviceKeyPress['key']>([
  [Key.KEY_SOS, 'sos'],
  [Key.KEY_ACKNOWLEDGE, 'acknowledge'],
  [Key.KEY_RESET, 'reset'],
]);

const NO_METADATA = new Metadata();

/** gRPC would wait up to two minutes before it tries a daemon that was away. */
const CHANNEL_OPTIONS = {
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.min_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 500,
} as const;

export function createDeviceSink(options: DeviceSinkOptions): DeviceSink {
  return new FirmwareSink(options);
}

class FirmwareSink implements DeviceSink {
  readonly name = 'device';
  readonly #options: DeviceSinkOptions;
  readonly #client: HardwareClient;
  #state: DeviceState = 'away';
  #status: Pick<AlarmStatus, 'level' | 'overdueStage' | 'faults'> = {
    level: 0,
    overdueStage: 0,
    faults: [],
  };
  #activity: BoxActivity = { callsActive: 0, isUpdating: false };
  /** What the daemon has confirmed in its present life; null: nothing known. */
  #told: Pattern | null = null;
  #isTelling = false;
  #renewTimer: Timer | undefined;
  #keysTimer: Timer | undefined;
  #keys: ClientReadableStream<KeyEvent> | undefined;
  #isClosed = false;

  constructor(options: DeviceSinkOptions) {
    this.#options = options;
    const address = `unix:${options.socketPath}`;
    this.#client = new HardwareClient(address, credentials.createInsecure(), CHANNEL_OPTIONS);
    this.#renew();
    this.#watchKeys();
  }

  get state(): DeviceState {
    return this.#state;
  }

  show({ level, overdueStage, faults }: AlarmStatus): void {
    this.#status = { level, overdueStage, faults };
    this.#tell();
  }

  setActivity(activity: Partial<BoxActivity>): void {
    this.#activity = { ...this.#activity, ...activity };
    this.#tell();
  }

  close(): void {
    this.#isClosed = true;
    this.#renewTimer?.cancel();
    this.#keysTimer?.cancel();
    this.#keys?.cancel();
    this.#client.close();
  }

  #deadline(): { readonly deadline: number } {
    return { deadline: this.#options.clock.wallMs() + RPC_DEADLINE_MS };
  }

  /** By the clock and not by the answer, so that a slow daemon never makes the lease run out. */
  #renew(): void {
    if (this.#isClosed) return;
    this.#renewTimer = this.#options.clock.after(RENEW_EVERY_MS, () => this.#renew());
    this.#client.renewLease({ leaseMs: LEASE_MS }, NO_METADATA, this.#deadline(), (error) => {
      this.#setState(error);
      if (error === null) this.#tell();
    });
  }

  /** One at a time, so that an older pattern never arrives last; the last one wanted is always told. */
  #tell(): void {
    const pattern = patternOf(this.#status, this.#activity);
    if (this.#isTelling || this.#isClosed || pattern === this.#told) return;
    this.#isTelling = true;
    this.#client.setPattern({ pattern }, NO_METADATA, this.#deadline(), (error) => {
      this.#isTelling = false;
      this.#setState(error);
      if (error === null) {
        this.#told = pattern;
        this.#tell();
      }
      // Otherwise the next renewal that succeeds tells it.
    });
  }

  #watchKeys(): void {
    if (this.#isClosed) return;
    const keys = this.#client.watchKeys({});
    this.#keys = keys;
    let isOver = false;
    const again = (): void => {
      if (isOver || this.#isClosed) return;
      isOver = true;
      // The daemon may have started anew: it knows of no pattern.
      this.#told = null;
      this.#keysTimer = this.#options.clock.after(KEYS_RETRY_MS, () => this.#watchKeys());
    };
    keys.on('metadata', () => this.#tell());
    keys.on('data', (event: KeyEvent) => this.#onKey(event));
    keys.on('error', again);
    keys.on('end', again);
  }

  #onKey({ key, heldMs, atWallMs }: KeyEvent): void {
    const name = KEY_NAMES.get(key);
    if (name === undefined || this.#isClosed) return;
    this.#options.onKey({ key: name, heldMs, atWallMs });
  }

  #setState(error: ServiceError | null): void {
    const state: DeviceState = error === null ? 'here' : 'away';
    if (error !== null) this.#told = null;
    if (state === this.#state || this.#isClosed) return;
    this.#state = state;
    const { log, onState } = this.#options;
    if (error === null) log.info('firmwareHere');
    else log.warn('firmwareAway', { code: error.code, cause: error.details });
    onState?.(state);
  }
}
