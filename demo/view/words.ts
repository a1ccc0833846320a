import type { LampPattern, Speaker } from './events.js';
import type { StepName } from './view-state.js';

/** Japanese first, a little English after it. */
export const STEP_WORDS: Readonly<Record<StepName, readonly [japanese: string, english: string]>> =
  {
    incoming: ['着信', 'incoming'],
    announced: ['録音告知', 'announced'],
    phoneRang: ['呼出', 'ringing'],
    answered: ['通話', 'talking'],
    detected: ['検知', 'detected'],
    alerted: ['警報', 'alert'],
    acknowledged: ['確認', 'seen'],
    ended: ['終話', 'ended'],
  };

export const SPEAKER_WORDS: Readonly<Record<Speaker, readonly [string, string]>> = {
  caller: ['相手', 'caller'],
  staff: ['店員', 'staff'],
};

/** The MHLW manual's types. */
const TYPE_WORDS: ReadonlyMap<string, string> = new Map([
  ['detention', '時間拘束'],
  ['repeat', 'リピート'],
  ['verbalAbuse', '暴言'],
  ['announcedViolence', '暴力の予告'],
  ['threat', '威嚇・脅迫'],
  ['authority', '権威型'],
  ['offPremises', '店舗外拘束'],
  ['socialMedia', 'SNS等の中傷'],
  ['sexual', 'セクハラ'],
  ['excessiveDemand', '過大な要求'],
  ['panic', '緊急呼出'],
  ['test', '試験'],
  ['complaint', '苦情'],
  ['ordinary', '通常'],
]);

export const typeWord = (type: string): string => TYPE_WORDS.get(type) ?? type;

export const LEVEL_WORDS = ['なし', '注意', '警告', '緊急'] as const;

export type Colour = 'green' | 'blue' | 'yellow' | 'orange' | 'red' | 'magenta' | 'white';

/** How lamp and buzzer look: colour, and how long one blink lasts (0: steady), ms. */
export interface LampLook {
  readonly word: string;
  readonly colour: Colour;
  readonly blinkMs: number;
}

export const LAMP_LOOKS: Readonly<Record<LampPattern, LampLook>> = {
  READY: { word: '待機中 ready', colour: 'green', blinkMs: 0 },
  ON_CALL: { word: '通話中 on call', colour: 'blue', blinkMs: 0 },
  LEVEL_1: { word: '注意 level 1', colour: 'yellow', blinkMs: 2_000 },
  LEVEL_2: { word: '警告 level 2', colour: 'orange', blinkMs: 1_000 },
  LEVEL_3: { word: '緊急 level 3', colour: 'red', blinkMs: 500 },
  UNACKNOWLEDGED: { word: '未確認 unacknowledged', colour: 'red', blinkMs: 250 },
  FAULT: { word: '故障 fault', colour: 'magenta', blinkMs: 1_000 },
  UPDATING: { word: '更新中 updating', colour: 'white', blinkMs: 1_000 },
};
