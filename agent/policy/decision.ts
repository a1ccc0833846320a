import type { AlertLevel } from './policy.js';

/** The manual's types of behaviour that can raise an alert. */
export type AbuseType =
  | 'detention'
  | 'repeat'
  | 'verbalAbuse'
  | 'announcedViolence'
  | 'threat'
  | 'authority'
  | 'offPremises'
  | 'socialMedia'
  | 'sexual'
  | 'excessiveDemand';

/** What a phrase is registered as; the last two raise nothing, ever. */
export type PhraseCategory = AbuseType | 'complaint' | 'ordinary';

export type AlertType = AbuseType | 'panic' | 'test';
export type AlertSource = 'keyword' | 'abuse' | 'shouting' | 'clock' | 'repeat' | 'panic' | 'test';

/** Who asked for help. */
export type PanicBy = 'button' | 'phone' | 'dtmf' | 'console' | 'mqtt' | 'commandLine';

/**
 * What policy makes of an event. `raise` wants a person; `note` is written under the alert that stands
 * already, and is told to nobody.
 */
export interface Decision {
  readonly do: 'raise' | 'note';
  readonly level: 1 | 2 | 3;
  readonly type: AlertType;
  readonly source: AlertSource;
  /** For the shop's own eyes: quotes what was heard. */
  readonly reason: string;
  /** The same without a word of the caller's, for whatever leaves the box. */
  readonly reasonUnquoted: string;
  /** What was heard; absent for clock and panic. */
  readonly quote?: string;
  /** What staff can say. */
  readonly line: string;
  /** In the time of the events, ms. */
  readonly atMs: number;
}

/** What happened in a call, as far as policy cares. A detector's `KeywordHeard` is one as it stands. */
export type PolicyEvent =
  | {
      readonly event: 'keyword';
      readonly speaker: 'caller' | 'staff';
      readonly phrase: string;
      readonly category: PhraseCategory;
      /** As the phrase is registered. */
      readonly level: AlertLevel;
    }
  /** Both sides can talk: the clock starts. */
  | { readonly event: 'answered' }
  /** Look at the clock; see `nextClockAtMs`. */
  | { readonly event: 'tick' }
  | { readonly event: 'fax' }
  | { readonly event: 'panic'; readonly by: PanicBy };
