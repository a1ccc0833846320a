import type { BridgeCommand, LegHealth, LegId, Speaker } from './bridge/bridge-protocol.js';
import type { CallEnvironment } from './call-environment.js';
import type { CallState } from './call-state.js';
import { LegMedia } from './leg-media.js';
import { mediaPlan } from './media-plan.js';

/** The media legs of one call: made when named, told the plan, closed when the plan no longer has them. */
export class CallLegs {
  readonly #callId: string;
  readonly #environment: Pick<CallEnvironment, 'abilityOf' | 'random' | 'toBridge'>;
  readonly #legs = new Map<LegId, LegMedia>();
  readonly #closing = new Set<LegId>();
  /** Opened for somebody who is not yet in the state of the call. */
  readonly #invited = new Set<LegId>();

  constructor(
    callId: string,
    environment: Pick<CallEnvironment, 'abilityOf' | 'random' | 'toBridge'>,
  ) {
    this.#callId = callId;
    this.#environment = environment;
  }

  make(legId: LegId, who: string, speaker: Speaker): LegMedia {
    const environment = this.#environment;
    const media = new LegMedia({
      legId,
      callId: this.#callId,
      speaker,
      ability: environment.abilityOf(who),
      sdpSessionId: environment.random.uint32(),
      send: (command: BridgeCommand) => environment.toBridge(command),
    });
    this.#legs.set(legId, media);
    return media;
  }

  /** Keeps a leg that is in no plan yet. */
  invite(legId: LegId): void {
    this.#invited.add(legId);
  }

  /** From now on the plan counts for it. */
  seat(legId: LegId): void {
    this.#invited.delete(legId);
  }

  get(legId: LegId): LegMedia | undefined {
    return this.#legs.get(legId);
  }

  /** Takes a leg over from another call. */
  adopt(media: LegMedia, speaker: Speaker): void {
    this.#legs.set(media.legId, media);
    media.assign(this.#callId, speaker);
  }

  /** Lets a leg go over to another call. */
  release(legId: LegId): LegMedia | undefined {
    const media = this.#legs.get(legId);
    this.#legs.delete(legId);
    return media;
  }

  /** Legs that are in no plan any more are closed; the others hear what the plan says. */
  apply(state: CallState): void {
    const plans = mediaPlan(state);
    for (const [legId, media] of this.#legs) {
      const plan = plans.find((one) => one.legId === legId);
      if (plan !== undefined) media.apply(plan);
      else if (this.#invited.has(legId) && state.phase !== 'ended') continue;
      else if (media.close()) this.#closing.add(legId);
    }
  }

  /** Notes the last numbers of a leg that was closed. */
  onClosed(legId: LegId, health: LegHealth): void {
    this.#closing.delete(legId);
    const media = this.#legs.get(legId);
    if (media !== undefined) media.health = health;
  }

  /** Whether the worker still has to report the end of a leg. */
  get isClosing(): boolean {
    return this.#closing.size > 0;
  }
}
