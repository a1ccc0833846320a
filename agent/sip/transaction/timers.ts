/** Round-trip time estimate (RFC 3261 §17.1.1.1), ms. */
export const T1_MS = 500;
/** The longest pause between repeats of a non-INVITE request and of an INVITE response, ms. */
export const T2_MS = 4_000;
/** How long a message may stay in the network, ms. */
export const T4_MS = 5_000;
/** Timers B, F, H, J, L and M, and the patience after a CANCEL (§9.1), ms. */
export const TRANSACTION_TIMEOUT_MS = 64 * T1_MS;
/** Timer D: longer than the other side may repeat its final response, ms. */
export const TIMER_D_MS = 32_000;

/** RFC 3261 table 4 and RFC 6026 §7; `cancel` is the patience of §9.1 after a CANCEL. */
export type TimerName =
  'A' | 'B' | 'D' | 'E' | 'F' | 'G' | 'H' | 'I' | 'J' | 'K' | 'L' | 'M' | 'cancel';

/** What all four machines ask of their driver. */
export type MachineEffect =
  /** Sets the timer anew; it comes back as an event of that name. */
  | { readonly do: 'start'; readonly timer: TimerName; readonly delayMs: number }
  | { readonly do: 'stop'; readonly timer: TimerName }
  /** The machine is done: forget it and all its timers. */
  | { readonly do: 'terminate' }
  | { readonly do: 'countStray' };

export interface TimerEvent {
  readonly name: 'timer';
  readonly timer: TimerName;
}

export const start = (timer: TimerName, delayMs: number): MachineEffect => ({
  do: 'start',
  timer,
  delayMs,
});
export const stop = (timer: TimerName): MachineEffect => ({ do: 'stop', timer });
export const TERMINATE: MachineEffect = { do: 'terminate' };
export const COUNT_STRAY: MachineEffect = { do: 'countStray' };
