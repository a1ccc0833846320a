/** What the detector says about one leg's audio: `INTERFACES.md` §6, the same live and in `analyse --json`. */
export type DetectorEvent =
  | {
      readonly event: 'speechStarted';
      readonly speaker: Speaker;
      readonly atMs: number;
      readonly reportedAtMs: number;
    }
  | {
      readonly event: 'speechEnded';
      readonly speaker: Speaker;
      readonly atMs: number;
      readonly reportedAtMs: number;
    }
  | {
      readonly event: 'kana';
      readonly speaker: Speaker;
      readonly startMs: number;
      readonly endMs: number;
      readonly text: string;
      readonly reportedAtMs: number;
    }
  | KeywordHeard;

/** A registered phrase was heard. Times are audio time of the leg, ms. */
export interface KeywordHeard {
  readonly event: 'keyword';
  readonly speaker: Speaker;
  readonly phrase: string;
  /** Katakana. */
  readonly reading: string;
  readonly category: Category;
  readonly level: AlertLevel;
  /** Mean log-likelihood ratio per mora, mapped to 0…1. */
  readonly score: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly reportedAtMs: number;
  readonly computeMs: number;
}

export type Speaker = 'caller' | 'staff';
export type AlertLevel = 0 | 1 | 2 | 3;

/** The MHLW manual's types, and the two that must raise nothing. */
export type Category =
  | 'detention'
  | 'repeat'
  | 'verbalAbuse'
  | 'announcedViolence'
  | 'threat'
  | 'authority'
  | 'offPremises'
  | 'socialMedia'
  | 'sexual'
  | 'excessiveDemand'
  | 'complaint'
  | 'ordinary';
