import type { Clock, Timer } from '../../../base/index.js';
import {
  RELAY_HOLD_MS,
  type Button,
  type Hardware,
  type KeyName,
  type LampColour,
} from '../hardware.js';

/** What the simulated hardware does at this moment. */
export interface FakeState {
  readonly lamp: LampColour | 'off';
  /** 0: silent. */
  readonly buzzerHz: number;
  readonly isLineOnBox: boolean;
}

const KEYS: readonly KeyName[] = ['sos', 'acknowledge', 'reset'];

/** Hardware in memory: it tells each change, and has fingers for its buttons. */
export class FakeHardware implements Hardware {
  readonly isSimulated = true;
  readonly faults: readonly string[] = [];
  readonly buttons: readonly Button[];
  readonly #clock: Clock;
  readonly #listeners = new Map<KeyName, (isPressed: boolean) => void>();
  #state: FakeState = { lamp: 'off', buzzerHz: 0, isLineOnBox: false };
  #isHigh = false;
  readonly #releases = new Map<KeyName, Timer>();
  #pumpEmpty: Timer | undefined;
  #onChange: (state: FakeState) => void = () => undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.buttons = KEYS.map((key) => ({
      key,
      onEdge: (listener) => this.#listeners.set(key, listener),
    }));
  }

  get state(): FakeState {
    return this.#state;
  }

  readonly lamp = { show: (lamp: LampColour | 'off') => this.#change({ lamp }) };
  readonly buzzer = { sound: (buzzerHz: number) => this.#change({ buzzerHz }) };
  readonly relay = this.#relay();

  /** @param listener called after each change, and never for what stays the same */
  watch(listener: (state: FakeState) => void): void {
    this.#onChange = listener;
  }

  /** One edge of a contact. */
  edge(key: KeyName, isPressed: boolean): void {
    this.#listeners.get(key)?.(isPressed);
  }

  /** Presses, and lets go after `heldMs`. */
  press(key: KeyName, heldMs = 100): void {
    this.edge(key, true);
    this.#releases.get(key)?.cancel();
    this.#releases.set(
      key,
      this.#clock.after(heldMs, () => this.edge(key, false)),
    );
  }

  close(): void {
    this.#pumpEmpty?.cancel();
    for (const release of this.#releases.values()) release.cancel();
    this.#change({ lamp: 'off', buzzerHz: 0, isLineOnBox: false });
  }

  #relay(): Hardware['relay'] {
    const isLineOnBox = (): boolean => this.#state.isLineOnBox;
    return {
      setLevel: (isHigh) => this.#setLevel(isHigh),
      get isLineOnBox() {
        return isLineOnBox();
      },
    };
  }

  #setLevel(isHigh: boolean): void {
    if (isHigh === this.#isHigh) return;
    this.#isHigh = isHigh;
    this.#pumpEmpty?.cancel();
    this.#pumpEmpty = this.#clock.after(RELAY_HOLD_MS, () => this.#change({ isLineOnBox: false }));
    this.#change({ isLineOnBox: true });
  }

  #change(part: Partial<FakeState>): void {
    const next = { ...this.#state, ...part };
    const { lamp, buzzerHz, isLineOnBox } = this.#state;
    if (next.lamp === lamp && next.buzzerHz === buzzerHz && next.isLineOnBox === isLineOnBox)
      return;
    this.#state = next;
    this.#onChange(next);
  }
}
