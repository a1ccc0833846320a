import type { Line } from '../line/index.js';
import type { Binding } from '../sip/index.js';
import type { CallState } from './call-state.js';
import type { Phone } from './invitations.js';
import type { LiveCall } from './live-call.js';

export interface OccupancyOptions {
  readonly phones: readonly Phone[];
  readonly line: Pick<Line, 'callsMax'>;
  contactsOf(extension: string): readonly Binding[];
  calls(): Iterable<LiveCall>;
}

/** Which phones are free, how many calls are on the line, and who waits: read off the calls, never kept. */
export class Occupancy {
  readonly #options: OccupancyOptions;

  constructor(options: OccupancyOptions) {
    this.#options = options;
  }

  /** Phones that can be reached at all. */
  get registered(): readonly Phone[] {
    const { phones } = this.#options;
    return phones.filter(({ extension }) => this.#options.contactsOf(extension).length > 0);
  }

  /** Phones that are registered, in no call, and ring for none. */
  get freePhones(): readonly Phone[] {
    const busy = new Set<string>();
    for (const state of this.#alive()) {
      for (const leg of [state.a, state.b])
        if (leg !== null && leg.dialog !== 'gone') busy.add(leg.who);
      for (const one of [...(state.round?.ringing ?? []), ...(state.transfer?.round.ringing ?? [])])
        busy.add(one.who);
    }
    return this.registered.filter(({ extension }) => !busy.has(extension));
  }

  /** Whether a phone is left for one caller more, after those whose announcement still runs. */
  get hasFreePhone(): boolean {
    const claims = [...this.#alive()].filter(isAboutToRing).length;
    return this.freePhones.length > claims;
  }

  /** Every call that has a channel of the line; those who wait too. */
  get callsOnLine(): number {
    return [...this.#alive()].filter(({ record }) => record.direction !== 'internal').length;
  }

  /** Callers who wait for a phone, the first first. */
  get waiting(): readonly LiveCall[] {
    return [...this.#options.calls()].filter((call) => call.state.phase === 'waiting');
  }

  /** Whether the first of those who wait may be put through. */
  get canServe(): boolean {
    const talking = this.callsOnLine - this.waiting.length;
    return this.hasFreePhone && talking < this.#options.line.callsMax;
  }

  *#alive(): Generator<CallState> {
    for (const { state } of this.#options.calls()) if (state.phase !== 'ended') yield state;
  }
}

/** It will ring all phones that are free then. */
function isAboutToRing({ phase, rules, round }: CallState): boolean {
  if (rules.target.kind !== 'allPhones') return false;
  if (phase === 'opening') return rules.opening === 'announce';
  return phase === 'announcing' || (phase === 'ringing' && round?.ringing.length === 0);
}
