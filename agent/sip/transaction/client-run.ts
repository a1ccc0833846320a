import type { Clock } from '../../../base/index.js';
import { ackFor } from '../message/compose.js';
import type { HeaderField, SipRequest, SipResponse } from '../message/sip-message.js';
import type { Endpoint } from '../transport/transport.js';
import {
  startInviteClient,
  stepInviteClient,
  type InviteClientEffect,
  type InviteClientEvent,
} from './invite-client-machine.js';
import { MachineRun } from './machine-run.js';
import { startNonInviteClient, stepNonInviteClient } from './non-invite-client-machine.js';
import type { MachineEffect, TimerEvent } from './timers.js';
import type { ClientTransaction, ClientTransactionEvents } from './transaction-layer.js';

/** What a client transaction needs of the layer around it. */
export interface ClientSurroundings {
  readonly clock: Clock;
  readonly send: (message: SipRequest, to: Endpoint) => void;
  readonly onTerminated: () => void;
  readonly onStray: () => void;
  /** Sends the CANCEL of this INVITE. */
  readonly sendCancel: (headers: readonly HeaderField[]) => void;
}

type OwnEffect = Exclude<InviteClientEffect, MachineEffect>;
type OwnEvent = Exclude<InviteClientEvent, TimerEvent>;
type Step = (event: InviteClientEvent) => readonly InviteClientEffect[];

/** One client transaction: drives the INVITE or the non-INVITE machine. */
export class ClientRun implements ClientTransaction {
  readonly request: SipRequest;
  readonly target: Endpoint;
  readonly #events: ClientTransactionEvents;
  readonly #around: ClientSurroundings;
  readonly #run: MachineRun<OwnEvent, OwnEffect, SipResponse>;
  readonly #first: readonly InviteClientEffect[];
  /** `waiting` for a 1xx: a CANCEL before it could overtake its INVITE (RFC 3261 §9.1). */
  #cancel: 'none' | 'waiting' | 'sent' = 'none';
  #cancelHeaders: readonly HeaderField[] = [];
  #progress: 'none' | 'provisional' | 'final' = 'none';
  #lastFinal: SipResponse | null = null;
  #sendFailure: unknown = null;

  constructor(
    request: SipRequest,
    target: Endpoint,
    events: ClientTransactionEvents,
    around: ClientSurroundings,
  ) {
    this.request = request;
    this.target = target;
    this.#events = events;
    this.#around = around;
    const isReliable = target.transport === 'TCP';
    const machine =
      request.method === 'INVITE' ? inviteMachine(isReliable) : nonInviteMachine(isReliable);
    this.#first = machine.first;
    this.#run = new MachineRun(around.clock, {
      step: machine.step,
      perform: (effect, response) => this.#perform(effect, response),
      onTerminated: around.onTerminated,
      onStray: around.onStray,
    });
  }

  begin(): void {
    this.#run.begin(this.#first);
  }

  receive(response: SipResponse): void {
    this.#run.feed({ name: 'response', status: response.status }, response);
  }

  fail(cause: unknown): void {
    this.#sendFailure = cause;
    this.#run.feed({ name: 'transportError' });
  }

  cancel(headers: readonly HeaderField[]): void {
    if (this.#cancel !== 'none' || this.#progress === 'final') return;
    this.#cancel = 'waiting';
    this.#cancelHeaders = headers;
    this.#cancelIfDue();
  }

  close(): void {
    this.#run.close();
  }

  #cancelIfDue(): void {
    if (this.#cancel !== 'waiting' || this.#progress !== 'provisional') return;
    this.#cancel = 'sent';
    this.#around.sendCancel(this.#cancelHeaders);
    this.#run.feed({ name: 'cancelSent' });
  }

  #perform(effect: OwnEffect, response: SipResponse | null): void {
    switch (effect.do) {
      case 'sendRequest':
        this.#around.send(this.request, this.target);
        return;
      case 'sendAck':
        this.#sendAck(response);
        return;
      case 'pass':
        if (response !== null) this.#pass(response);
        return;
      case 'reportTimeout':
        this.#events.onTimeout();
        return;
      case 'reportTransportError':
        this.#events.onTransportError(this.#sendFailure);
    }
  }

  /** The ACK of the first final response; a repeat with another To-tag gets the same again (§17.1.1.3). */
  #sendAck(response: SipResponse | null): void {
    this.#lastFinal ??= response;
    if (this.#lastFinal === null) return;
    this.#around.send(ackFor(this.request, this.#lastFinal), this.target);
  }

  #pass(response: SipResponse): void {
    this.#progress = response.status < 200 ? 'provisional' : 'final';
    this.#events.onResponse(response);
    this.#cancelIfDue();
  }
}

interface Machine {
  readonly first: readonly InviteClientEffect[];
  readonly step: Step;
}

function inviteMachine(isReliable: boolean): Machine {
  const [initial, first] = startInviteClient(isReliable);
  let state = initial;
  return {
    first,
    step(event) {
      const [next, effects] = stepInviteClient(state, event);
      state = next;
      return effects;
    },
  };
}

function nonInviteMachine(isReliable: boolean): Machine {
  const [initial, first] = startNonInviteClient(isReliable);
  let state = initial;
  return {
    first,
    step(event) {
      // Only an INVITE is cancelled (§9.1); the layer asserts it.
      if (event.name === 'cancelSent') return [];
      const [next, effects] = stepNonInviteClient(state, event);
      state = next;
      return effects;
    },
  };
}
