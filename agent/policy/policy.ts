import { z } from 'zod';

/** How serious: 0 nothing, 1 注意, 2 警告, 3 緊急. */
export type AlertLevel = 0 | 1 | 2 | 3;

const level = z.union([z.literal(0), z.literal(1), z.literal(2), z.literal(3)]);
const raisedLevel = z.union([z.literal(1), z.literal(2), z.literal(3)]);
const sentence = z.string().min(1).max(200);
const words = z.array(z.string().min(1).max(40)).max(100);

/** The most steps a clock ladder has. */
export const RUNGS_MAX = 8;

const rung = z.strictObject({
  /** Minutes since the call was answered. */
  afterMin: z.int().min(1).max(600),
  /** What the step raises. */
  level: raisedLevel,
  /** What staff can say now. */
  line: sentence,
});

const isRising = (rungs: readonly { readonly afterMin: number }[]): boolean =>
  rungs.every((one, i) => i === 0 || one.afterMin > (rungs[i - 1]?.afterMin ?? 0));

/**
 * The `[policy]` table: the shop's rules in force from a date on. What is absent has the value that
 * the manual of the Ministry of Health, Labour and Welfare suggests.
 */
export const policyConfig = z.strictObject({
  /** The day from which these rules are in force; it stands on each piece of evidence. */
  effectiveFrom: z.iso.date().default('2026-10-01'),
  /** Steps of a call's length; a list of none switches the clock off. */
  clockLadder: z
    .array(rung)
    .max(RUNGS_MAX)
    .refine(isRising, 'must rise from step to step')
    .default([
      { afterMin: 20, level: 1, line: '本日は30分までお話を伺います' },
      { afterMin: 30, level: 2, line: 'お時間となりましたので、お電話を終わらせていただきます' },
      { afterMin: 60, level: 2, line: 'お時間となりましたので、お電話を終わらせていただきます' },
    ]),
  /** An insult alone is not harassment: one severe word is, or several mild ones close together. */
  verbalAbuse: z
    .strictObject({
      /** Words registered at this level or above count as severe. */
      severeLevel: level.default(2),
      /** So many milder ones within the window raise `mildLevel`. */
      mildHits: z.int().min(1).max(10).default(2),
      /** Seconds. */
      mildWindowS: z.int().min(5).max(600).default(60),
      mildLevel: raisedLevel.default(1),
    })
    .prefault({}),
  /** A demand for money is a matter for a complaint, until a threat stands beside it. */
  moneyDemand: z
    .strictObject({
      /** Demand and threat within so many seconds raise `level`. */
      windowS: z.int().min(5).max(600).default(60),
      level: raisedLevel.default(3),
      /** A demand that carries its threat within itself: 「全額返せ、さもないと」. */
      threatWords: words.default(['さもないと', 'さもなければ']),
    })
    .prefault({}),
  /** The highest level that a word of the type can raise. */
  levelMax: z
    .strictObject({
      detention: level.default(1),
      repeat: level.default(2),
      verbalAbuse: level.default(2),
      announcedViolence: level.default(3),
      threat: level.default(3),
      authority: level.default(2),
      offPremises: level.default(2),
      socialMedia: level.default(2),
      sexual: level.default(2),
    })
    .prefault({}),
  /** Anyone may ask for a superior: in the type `authority` these are context, never an alert. */
  contextWords: words.default(['上司', '責任者', '誠意']),
  /**
   * What a customer has the right to say. A phrase with one of these passes no level but 1, unless it
   * is registered as a threat, violence or sexual.
   */
  protectedWords: words.default([
    '障害',
    '車椅子',
    '耳が聞こえ',
    '消費者センター',
    '消費生活センター',
    '責任者の方',
  ]),
  /** The same type at the same level is told again only after this time. */
  repeatAfterS: z.int().min(0).max(3_600).default(60),
  /** What staff can say at each level. */
  lines: z
    .strictObject({
      1: sentence.default('大きな声ですとお話を伺えません。落ち着いてお話しください'),
      2: sentence.default('そのような発言が続く場合、これ以上のご案内はいたしかねます'),
      3: sentence.default('ご要望にはお応えできません。お電話を切らせていただきます'),
      /** Staff is relieved at once. */
      sexual: sentence.default('担当の者に代わらせていただきます'),
    })
    .prefault({}),
  /** What happens to an alert that nobody acknowledges, counted from when it was raised. */
  unacknowledged: z
    .strictObject({
      /** Lamp and buzzer change to the second pattern, s. */
      secondPatternAfterS: z.int().min(5).max(600).default(30),
      /** The next person is told, s. */
      nextPersonAfterS: z.int().min(10).max(3_600).default(60),
    })
    .refine((after) => after.nextPersonAfterS > after.secondPatternAfterS, {
      message: 'must be later than secondPatternAfterS',
      path: ['nextPersonAfterS'],
    })
    .prefault({}),
});

export type Policy = z.infer<typeof policyConfig>;

/** The rules in force when the shop has set none. */
export const DEFAULT_POLICY: Policy = policyConfig.parse({});
