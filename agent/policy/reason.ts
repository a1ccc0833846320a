import type { AbuseType, PanicBy } from './decision.js';

const LABELS: Readonly<Record<AbuseType, string>> = {
  detention: '時間拘束',
  repeat: '繰り返しの電話',
  verbalAbuse: '暴言',
  announcedViolence: '暴力の予告',
  threat: '脅迫',
  authority: '権威的な要求',
  offPremises: '店舗外への呼び出し',
  socialMedia: 'SNS等での中傷',
  sexual: 'セクシュアルハラスメント',
  excessiveDemand: '過大な要求',
};

const PANICS: Readonly<Record<PanicBy, string>> = {
  button: 'SOSボタンが押されました',
  phone: '電話機から助けを求める操作がありました',
  dtmf: '通話中に助けを求める操作がありました',
  console: '管理画面から助けを求める操作がありました',
  mqtt: '外部の機器から助けを求める操作がありました',
  commandLine: 'コマンドで助けを求める操作がありました',
};

/** Why an alert was raised: for the shop, and without the caller's words for whoever is outside. */
export interface Reason {
  readonly reason: string;
  readonly reasonUnquoted: string;
}

const same = (text: string): Reason => ({ reason: text, reasonUnquoted: text });

/** @returns 「殺すぞ」と聞こえました（脅迫） */
export const heardReason = (type: AbuseType, phrase: string): Reason => ({
  reason: `「${phrase}」と聞こえました（${LABELS[type]}）`,
  reasonUnquoted: `${LABELS[type]}にあたる言葉が聞こえました`,
});

/** @param phrases the mild words that count together, oldest first */
export const severalReason = (phrases: readonly string[], windowS: number): Reason => ({
  reason: `${phrases.map((phrase) => `「${phrase}」`).join('')}と${windowS}秒以内に${phrases.length}回聞こえました（暴言）`,
  reasonUnquoted: `暴言にあたる言葉が${windowS}秒以内に${phrases.length}回聞こえました`,
});

export const demandReason = (demand: string, threat: string, windowS: number): Reason => ({
  reason: `「${demand}」という金銭の要求と「${threat}」という脅しが${windowS}秒以内に聞こえました（過大な要求）`,
  reasonUnquoted: `金銭の要求と脅しが${windowS}秒以内に聞こえました（過大な要求）`,
});

export const clockReason = (afterMin: number): Reason =>
  same(`通話が${afterMin}分を超えました（時間拘束）`);

export const panicReason = (by: PanicBy): Reason => same(PANICS[by]);

export const testReason = (): Reason => same('アラームの試験です');
