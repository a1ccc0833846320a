import type { Clock } from '../../../base/index.js';
import type { SipMessage, SipRequest, SipResponse } from '../message/sip-message.js';
import type { Endpoint } from '../transport/transport.js';
import {
  startInviteServer,
  stepInviteServer,
  type InviteServerEffect,
  type InviteServerEvent,
} from './invite-server-machine.js';
import { MachineRun } from './machine-run.js';
import { startNonInviteServer, stepNonInviteServer } from './non-invite-server-machine.js';
import type { MachineEffect, TimerEvent } from './timers.js';
import type { ServerTransaction, ServerTransactionEvents } from './transaction-layer.js';

/** What a server transaction needs of the layer around it. */
export interface ServerSurroundings {
  readonly clock: Clock;
  readonly send: (message: SipResponse, to: Endpoint) => void;
  readonly onTerminated: () => void;
  readonly onStray: () => void;
  readonly passAck: (ack: SipRequest) => void;
}

type OwnEffect = Exclude<InviteServerEffect, MachineEffect>;
type OwnEvent = Exclude<InviteServerEvent, TimerEvent>;
type Step = (event: InviteServerEvent) => readonly InviteServerEffect[];

/** One server transaction: drives the INVITE or the non-INVITE machine. */
export class ServerRun implements ServerTransaction {
  readonly request: SipRequest;
  readonly source: Endpoint;
  events: ServerTransactionEvents | null = null;
  readonly #around: ServerSurroundings;
  readonly #run: MachineRun<OwnEvent, OwnEffect, SipMessage>;
  #last: SipResponse | null = null;
  #sendFailure: unknown = null;

  constructor(request: SipRequest, source: Endpoint, around: ServerSurroundings) {
    this.request = request;
    this.source = source;
    this.#around = around;
    const isReliable = source.transport === 'TCP';
    this.#run = new MachineRun(around.clock, {
      step: request.method === 'INVITE' ? inviteMachine(isReliable) : nonInviteMachine(isReliable),
      perform: (effect, message) => this.#perform(effect, message),
      onTerminated: around.onTerminated,
      onStray: around.onStray,
    });
  }

  /** The response sent last, null before the first. */
  get lastResponse(): SipResponse | null {
    return this.#last;
  }

  respond(response: SipResponse): void {
    this.#run.feed({ name: 'respond', status: response.status }, response);
  }

  /** The same request came again. */
  repeat(): void {
    this.#run.feed({ name: 'request' });
  }

  receiveAck(ack: SipRequest): void {
    this.#run.feed({ name: 'ack' }, ack);
  }

  fail(cause: unknown): void {
    this.#sendFailure = cause;
    this.#run.feed({ name: 'transportError' });
  }

  close(): void {
    this.#run.close();
  }

  #perform(effect: OwnEffect, message: SipMessage | null): void {
    switch (effect.do) {
      case 'sendResponse':
        if (message?.kind === 'response') this.#last = message;
        this.#sendLast();
        return;
      case 'resendResponse':
        this.#sendLast();
        return;
      case 'passAck':
        if (message?.kind === 'request') this.#around.passAck(message);
        return;
      case 'reportEnded':
        this.events?.onEnded();
        return;
      case 'reportTransportError':
        this.events?.onTransportError(this.#sendFailure);
    }
  }

  #sendLast(): void {
    if (this.#last !== null) this.#around.send(this.#last, this.source);
  }
}

function inviteMachine(isReliable: boolean): Step {
  let state = startInviteServer(isReliable);
  return (event) => {
    const [next, effects] = stepInviteServer(state, event);
    state = next;
    return effects;
  };
}

function nonInviteMachine(isReliable: boolean): Step {
  let state = startNonInviteServer(isReliable);
  return (event) => {
    // An ACK belongs to an INVITE alone (§17.1.1.3): its key never leads here.
    if (event.name === 'ack') return [];
    const [next, effects] = stepNonInviteServer(state, event);
    state = next;
    return effects;
  };
}
