/** What the command says, in the two languages of the box. */
export type Language = 'ja' | 'en';

/** Words for the codes that the box uses; a code without one is shown as it is. */
type Words = Readonly<Record<string, string>>;

export interface Texts {
  readonly unreachable: (socketPath: string, configFile: string) => string;
  readonly noConfigFile: (file: string) => string;
  readonly noSuchCall: (callId: string) => string;
  readonly noRecording: (callId: string) => string;
  readonly badMoment: (text: string) => string;
  readonly cannotWrite: (file: string, why: string) => string;
  readonly configIsGood: (file: string) => string;
  readonly audioSaved: (file: string, sizeText: string) => string;
  readonly acknowledged: (count: number) => string;
  readonly panicRaised: (alertId: string) => string;
  readonly tokenOnce: (role: string, until: string) => string;
  readonly noCalls: string;
  readonly none: string;
  readonly started: (at: string) => string;
  readonly levels: readonly [string, string, string, string];
  readonly unacknowledged: (count: number) => string;
  readonly frames: (count: number) => string;
  readonly free: (text: string) => string;
  readonly labels: Readonly<
    Record<
      | 'alert'
      | 'line'
      | 'phones'
      | 'calls'
      | 'storage'
      | 'recording'
      | 'detector'
      | 'hardware'
      | 'faults'
      | 'extension'
      | 'name'
      | 'state'
      | 'inCall'
      | 'start'
      | 'end'
      | 'direction'
      | 'other'
      | 'who'
      | 'duration'
      | 'outcome'
      | 'alerts'
      | 'id'
      | 'phase'
      | 'level'
      | 'type'
      | 'reason'
      | 'time'
      | 'announcement'
      | 'answered'
      | 'endedBy'
      | 'loss'
      | 'jitter'
      | 'gaps'
      | 'callerLeg'
      | 'staffLeg',
      string
    >
  >;
  readonly words: Words;
}

const ja: Texts = {
  unreachable: (socketPath, configFile) =>
    `エージェントに接続できません (${socketPath})。\`tatebako run --config ${configFile}\` を起動してください。`,
  noConfigFile: (file) => `${file} がありません。--config FILE で設定ファイルを指定してください。`,
  noSuchCall: (callId) =>
    `通話 ${callId} は記録にありません。\`tatebako calls\` で ID を確かめてください。`,
  noRecording: (callId) => `通話 ${callId} には録音がありません。`,
  badMoment: (text) =>
    `--since ${text}: 日時が読めません。例: 2026-11-22、2026-11-22T14:03、90m、2h、7d`,
  cannotWrite: (file, why) => `${file} に書き込めません: ${why}`,
  configIsGood: (file) => `${file}: 問題はありません。`,
  audioSaved: (file, sizeText) => `${file} に保存しました (${sizeText}、左 = お客様、右 = 店)。`,
  acknowledged: (count) =>
    count === 0 ? '未確認の警報はありません。' : `警報 ${count} 件を確認済みにしました。`,
  panicRaised: (alertId) => `緊急の警報を出しました (${alertId})。`,
  tokenOnce: (role, until) =>
    `役割 ${role}、期限 ${until}。このトークンは二度と表示されません。安全な場所に控えてください。`,
  noCalls: '通話の記録はありません。',
  none: 'なし',
  started: (at) => `${at} 起動`,
  levels: ['平常', 'レベル 1 注意', 'レベル 2 警告', 'レベル 3 緊急'],
  unacknowledged: (count) => `未確認 ${count} 件`,
  frames: (count) => `取りこぼし ${count} フレーム`,
  free: (text) => `空き ${text}`,
  labels: {
    alert: '警報',
    line: '回線',
    phones: '電話機',
    calls: '通話中',
    storage: '保存領域',
    recording: '録音',
    detector: '聞き取り',
    hardware: '表示灯',
    faults: '故障',
    extension: '内線',
    name: '名前',
    state: '状態',
    inCall: '通話',
    start: '開始',
    end: '終了',
    direction: '向き',
    other: '相手',
    who: '応対',
    duration: '時間',
    outcome: '結果',
    alerts: '警報',
    id: 'ID',
    phase: '段階',
    level: 'レベル',
    type: '種類',
    reason: '理由',
    time: '時刻',
    announcement: '録音の告知',
    answered: '応答',
    endedBy: '切断',
    loss: '損失',
    jitter: '揺らぎ',
    gaps: '録音の欠け',
    callerLeg: 'お客様側',
    staffLeg: '店側',
  },
  words: {
    registered: '登録済み',
    registering: '登録中',
    up: '使用可',
    down: '不通',
    off: 'なし',
    unregistered: '未登録',
    incoming: '着信',
    outgoing: '発信',
    internal: '内線',
    ok: '正常',
    low: '残り少',
    full: '満杯',
    failed: '失敗',
    ready: '待機',
    listening: '聞き取り中',
    starting: '準備中',
    stopped: '停止',
    here: '接続',
    away: '不在',
    inProgress: '通話中',
    answered: '応答',
    abandonedInAnnouncement: '告知中に切断',
    abandoned: '応答前に切断',
    noAnswer: '応答なし',
    busy: '話中',
    rejected: '拒否',
    cut: '中断',
    caller: 'お客様',
    staff: '店',
    box: '箱',
    completed: '最後まで',
    notCompleted: '途中まで',
    skipped: '省略',
    configured: '店の音声',
    builtIn: '内蔵の音声',
    tone: '信号音',
    detention: '拘束',
    repeat: '繰り返し',
    verbalAbuse: '暴言',
    announcedViolence: '暴力の予告',
    threat: '脅迫',
    authority: '威圧',
    offPremises: '店外への呼び出し',
    socialMedia: 'SNS での中傷',
    sexual: '性的言動',
    excessiveDemand: '過大な要求',
    panic: '助けを呼ぶ',
    test: '試験',
    yes: '通話中',
    no: '–',
    recordingNow: '録音中',
    acknowledged: '確認済み',
    waiting: '未確認',
  },
};

const en: Texts = {
  unreachable: (socketPath, configFile) =>
    `Cannot reach the agent (${socketPath}). Start it with \`tatebako run --config ${configFile}\`.`,
  noConfigFile: (file) => `There is no ${file}. Name the configuration with --config FILE.`,
  noSuchCall: (callId) =>
    `There is no call ${callId} in the log. See \`tatebako calls\` for the IDs.`,
  noRecording: (callId) => `Call ${callId} has no recording.`,
  badMoment: (text) =>
    `--since ${text}: not a time. Examples: 2026-11-22, 2026-11-22T14:03, 90m, 2h, 7d`,
  cannotWrite: (file, why) => `Cannot write ${file}: ${why}`,
  configIsGood: (file) => `${file}: no problems.`,
  audioSaved: (file, sizeText) => `Saved ${file} (${sizeText}; left = caller, right = staff).`,
  acknowledged: (count) =>
    count === 0 ? 'No alert is waiting.' : `Acknowledged ${count} alert${count === 1 ? '' : 's'}.`,
  panicRaised: (alertId) => `Called for help (${alertId}).`,
  tokenOnce: (role, until) =>
    `Role ${role}, valid until ${until}. This token is not shown again; keep it in a safe place.`,
  noCalls: 'No calls in the log.',
  none: 'none',
  started: (at) => `started ${at}`,
  levels: ['quiet', 'level 1 caution', 'level 2 warning', 'level 3 emergency'],
  unacknowledged: (count) => `${count} not acknowledged`,
  frames: (count) => `${count} frames missed`,
  free: (text) => `${text} free`,
  labels: {
    alert: 'Alert',
    line: 'Line',
    phones: 'Phones',
    calls: 'Calls',
    storage: 'Storage',
    recording: 'Recording',
    detector: 'Listening',
    hardware: 'Lamp',
    faults: 'Faults',
    extension: 'Ext',
    name: 'Name',
    state: 'State',
    inCall: 'Call',
    start: 'Start',
    end: 'End',
    direction: 'Direction',
    other: 'Other side',
    who: 'Answered by',
    duration: 'Length',
    outcome: 'Outcome',
    alerts: 'Alerts',
    id: 'ID',
    phase: 'Phase',
    level: 'Level',
    type: 'Type',
    reason: 'Reason',
    time: 'Time',
    announcement: 'Announcement',
    answered: 'Answered',
    endedBy: 'Ended by',
    loss: 'Loss',
    jitter: 'Jitter',
    gaps: 'Gaps in recording',
    callerLeg: 'Caller',
    staffLeg: 'Staff',
  },
  words: {
    yes: 'in call',
    no: '–',
    unregistered: 'not registered',
    here: 'connected',
    recordingNow: 'recording',
    waiting: 'not acknowledged',
  },
};

export const textsOf = (language: Language): Texts => (language === 'ja' ? ja : en);

/** @returns the word for a code of the box; the code itself when there is none */
export const wordOf = (texts: Texts, code: string): string => texts.words[code] ?? code;
