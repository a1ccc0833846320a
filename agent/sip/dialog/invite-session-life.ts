import type { SessionEnd } from './session.js';

/** States, events and effects of an INVITE session; the machine and its diagram: `invite-session-machine.ts`. */
export type LifeState =
  /** UAC: the INVITE is out; `proceeding` after a 1xx. `tries`: INVITEs sent, the first included. */
  | { readonly name: 'calling' | 'proceeding'; readonly tries: number }
  /** UAC: hung up before a final response. `sent`: the CANCEL could go out (a 1xx came). */
  | { readonly name: 'cancelling'; readonly sent: boolean }
  /** UAS: no final response yet; `accepting`: the 2xx waits for a PRACK. */
  | { readonly name: 'ringing' | 'accepting' }
  /** UAS: 2xx sent, no ACK yet. */
  | { readonly name: 'accepted'; readonly hungUp: boolean }
  /** `tag`: UAC: the To-tag of the branch that won; UAS: null. */
  | { readonly name: 'confirmed'; readonly tag: string | null }
  /** `tag`: UAC: the branch that had won, whose repeated 2xx still need their ACK. */
  | { readonly name: 'ended'; readonly tag: string | null };

export type LifeEvent =
  /** UAC: a 101…199. */
  | { readonly name: 'provisional' }
  /** UAC: a 2xx, first or repeated, of the branch `tag`. */
  | { readonly name: 'answered'; readonly tag: string }
  /** UAC: a final 300…699. `retry`: it can be sent again, with credentials or a longer interval. */
  | {
      readonly name: 'refused';
      readonly status: number;
      readonly retry: 'credentials' | 'interval' | null;
    }
  /** UAC: no final response in 64*T1 (`noAnswer`), or in 64*T1 after our CANCEL (`noFinal`). */
  | { readonly name: 'noAnswer' | 'noFinal' }
  /** UAS: the user accepts. `mustWait`: a 1xx with SDP has no PRACK yet. */
  | { readonly name: 'accept'; readonly mustWait: boolean }
  | { readonly name: 'reject'; readonly status: number }
  /** UAS: facts from the wire and the clock. */
  | { readonly name: 'pracked' | 'noPrack' | 'cancelled' | 'acked' | 'noAck' }
  /** Both. */
  | { readonly name: 'hangUp' | 'byeReceived' | 'sendFailed' | 'expired' }
  /** The dialog broke: 481 or 408 to a request inside it. */
  | { readonly name: 'broken'; readonly status: number };

export type LifeEffect =
  /** Sends the INVITE once more, as the refusal asked. */
  | { readonly do: 'sendInvite' | 'sendCancel' | 'waitForFinal' | 'emitProgress' }
  /** ACKs, and tells the user. */
  | { readonly do: 'confirm' | 'ack'; readonly tag: string }
  /** `tag` null: the one dialog there is. A second BYE to the same branch is not sent. */
  | { readonly do: 'bye'; readonly tag: string | null }
  | { readonly do: 'respondFinal'; readonly status: number }
  | { readonly do: 'sendSuccess' | 'emitConfirmed' | 'countStray' }
  | {
      readonly do: 'end';
      readonly by: SessionEnd['by'];
      readonly how: SessionEnd['how'];
      readonly status: number | null;
    };

export type LifeStep = readonly [LifeState, readonly LifeEffect[]];
