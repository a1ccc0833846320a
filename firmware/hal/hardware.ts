/** The colours of the lamp. */
export type LampColour = 'red' | 'amber' | 'green' | 'white';

/** One lamp of several colours. */
export interface Led {
  /** Lights in that colour, or not at all. Must not wait. */
  show(colour: LampColour | 'off'): void;
}

export interface Buzzer {
  /** Sounds until the next call. @param frequencyHz 0: silent */
  sound(frequencyHz: number): void;
}

export type KeyName = 'sos' | 'acknowledge' | 'reset';

export interface Button {
  readonly key: KeyName;
  /** Every edge as the contact makes it, bounces included. One listener; the last one stands. */
  onEdge(listener: (isPressed: boolean) => void): void;
}

/**
 * The bypass relay behind its charge pump: it holds the line on the box only while the level keeps
 * changing, so that a daemon stuck high, stuck low or dead lets the line go.
 */
export interface Relay {
  setLevel(isHigh: boolean): void;
  /** True while the line runs through the box. */
  readonly isLineOnBox: boolean;
}

/** The pump empties in this time without an edge, ms. */
export const RELAY_HOLD_MS = 500;

/** All that the daemon drives. */
export interface Hardware {
  readonly isSimulated: boolean;
  readonly lamp: Led;
  readonly buzzer: Buzzer;
  readonly buttons: readonly Button[];
  readonly relay: Relay;
  /** What is broken, one short English phrase each. */
  readonly faults: readonly string[];
  close(): void;
}
