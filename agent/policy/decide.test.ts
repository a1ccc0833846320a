import test from 'ava';
import { SeededRandom } from '../../base/testing/seeded-random.js';
import type { KeywordHeard } from '../detector/detector-event.js';
import { decide, NEW_CALL, nextClockAtMs, REMEMBERED_MAX, type CallPolicyState } from './decide.js';
import type { Decision, PhraseCategory, PolicyEvent } from './decision.js';
import { DEFAULT_POLICY, policyConfig, type AlertLevel } from './policy.js';

const MIN = 60_000;

const heard = (
  phrase: string,
  category: PhraseCategory,
  level: AlertLevel,
  speaker: 'caller' | 'staff' = 'caller',
): PolicyEvent => ({ event: 'keyword', speaker, phrase, category, level });

/** Runs events at their times; @returns each decision and the last state. */
function play(events: readonly (readonly [atMs: number, event: PolicyEvent])[]): {
  readonly decisions: readonly Decision[];
  readonly state: CallPolicyState;
} {
  let state = NEW_CALL;
  const decisions: Decision[] = [];
  for (const [atMs, event] of events) {
    const verdict = decide(DEFAULT_POLICY, state, event, atMs);
    state = verdict.callState;
    decisions.push(...verdict.decisions);
  }
  return { decisions, state };
}
const levels = (decisions: readonly Decision[]): readonly number[] =>
  decisions.filter((decision) => decision.do === 'raise').map((decision) => decision.level);

for (const [phrase, category, level] of [
  ['障害があるので', 'ordinary', 3],
  ['障害があるので', 'authority', 3],
  ['障害があるのでゆっくり', 'verbalAbuse', 3],
  ['責任者の方に代わってください', 'authority', 2],
  ['責任者の方に代わってください', 'detention', 3],
  ['消費者センターに相談します', 'complaint', 3],
  ['消費者センターに相談します', 'socialMedia', 3],
  ['金返せ', 'excessiveDemand', 3],
] as const) {
  test(`「${phrase}」 once does not pass level 1, even registered as ${category} ${level}`, (t) => {
    const { decisions } = play([[0, heard(phrase, category, level)]]);
    t.true(decisions.every((decision) => decision.level <= 1));
  });
}

test('a demand for money without a threat raises nothing', (t) => {
  t.deepEqual(play([[0, heard('金返せ', 'excessiveDemand', 3)]]).decisions, []);
});

test('asking for the superior, or for sincerity, is context and never an alert', (t) => {
  const asks = ['上司を出せ', '責任者を出せ', '誠意を見せろ'];
  const events = asks.map((ask, i) => [i * 1_000, heard(ask, 'authority', 2)] as const);
  t.deepEqual(play(events).decisions, []);
});

test('土下座 is level 2, whoever else is called for in the same breath', (t) => {
  t.deepEqual(levels(play([[0, heard('土下座しろ', 'authority', 2)]]).decisions), [2]);
  t.deepEqual(levels(play([[0, heard('責任者が土下座しろ', 'authority', 2)]]).decisions), [2]);
});

test('staff repeating a threat raises nothing', (t) => {
  const { decisions, state } = play([[0, heard('殺すぞ', 'threat', 3, 'staff')]]);
  t.deepEqual(decisions, []);
  t.is(state, NEW_CALL);
});

test('a threat is level 3, with the words, the reason and a line for staff', (t) => {
  const [decision] = play([[3_300, heard('殺すぞ', 'threat', 3)]]).decisions;
  t.deepEqual(decision, {
    do: 'raise',
    level: 3,
    type: 'threat',
    source: 'keyword',
    reason: '「殺すぞ」と聞こえました（脅迫）',
    reasonUnquoted: '脅迫にあたる言葉が聞こえました',
    quote: '殺すぞ',
    line: 'ご要望にはお応えできません。お電話を切らせていただきます',
    atMs: 3_300,
  });
});

test('the detector’s own event is taken as it stands', (t) => {
  const event: KeywordHeard = {
    event: 'keyword',
    speaker: 'caller',
    phrase: '殺すぞ',
    reading: 'コロスゾ',
    category: 'threat',
    level: 3,
    score: 0.8,
    startMs: 0,
    endMs: 500,
    reportedAtMs: 900,
    computeMs: 40,
  };
  t.deepEqual(levels(decide(DEFAULT_POLICY, NEW_CALL, event, 900).decisions), [3]);
});

test('one mild insult raises nothing, a second within 60 s does, one after 60 s does not', (t) => {
  const mild = heard('役立たず', 'verbalAbuse', 1);
  t.deepEqual(levels(play([[0, mild]]).decisions), []);
  t.deepEqual(
    levels(
      play([
        [0, mild],
        [60_000, mild],
      ]).decisions,
    ),
    [1],
  );
  t.deepEqual(
    levels(
      play([
        [0, mild],
        [60_001, mild],
      ]).decisions,
    ),
    [],
  );
});

test('one severe insult raises level 2', (t) => {
  t.deepEqual(levels(play([[0, heard('馬鹿野郎', 'verbalAbuse', 2)]]).decisions), [2]);
});

test('money and threat within 60 s are level 3 in either order, and not a second later', (t) => {
  const demand = heard('慰謝料払え', 'excessiveDemand', 2);
  const threat = heard('ただじゃ済まない', 'threat', 3);
  const types = (decisions: readonly Decision[]): readonly string[] =>
    decisions.map((decision) => decision.type);
  t.deepEqual(
    types(
      play([
        [0, demand],
        [60_000, threat],
      ]).decisions,
    ),
    ['threat', 'excessiveDemand'],
  );
  t.deepEqual(
    types(
      play([
        [0, threat],
        [60_000, demand],
      ]).decisions,
    ),
    ['threat', 'excessiveDemand'],
  );
  t.deepEqual(
    types(
      play([
        [0, threat],
        [60_001, demand],
      ]).decisions,
    ),
    ['threat'],
  );
  t.deepEqual(
    types(
      play([
        [0, demand],
        [60_001, threat],
      ]).decisions,
    ),
    ['threat'],
  );
});

test('a demand that carries its threat within itself is level 3', (t) => {
  t.deepEqual(
    levels(play([[0, heard('全額返せさもないと', 'excessiveDemand', 2)]]).decisions),
    [3],
  );
});

test('the same again within 60 s is noted under the alert, after that it is raised again', (t) => {
  const threat = heard('殺すぞ', 'threat', 3);
  const { decisions } = play([
    [0, threat],
    [60_000, threat],
    [60_001, threat],
  ]);
  t.deepEqual(
    decisions.map((decision) => decision.do),
    ['raise', 'note', 'raise'],
  );
});

test('within a call levels only rise: a milder thing after a threat is noted', (t) => {
  const { decisions, state } = play([
    [0, heard('殺すぞ', 'threat', 3)],
    [1_000, heard('土下座しろ', 'authority', 2)],
  ]);
  t.deepEqual(levels(decisions), [3]);
  t.is(decisions[1]?.do, 'note');
  t.is(state.level, 3);
});

test('the clock raises level 1 at 20 min and level 2 at 30 min, each once', (t) => {
  const tick: PolicyEvent = { event: 'tick' };
  const { decisions } = play([
    [5_000, { event: 'answered' }],
    [5_000 + 20 * MIN - 1, tick],
    [5_000 + 20 * MIN, tick],
    [5_000 + 29 * MIN, tick],
    [5_000 + 30 * MIN, tick],
    [5_000 + 31 * MIN, tick],
  ]);
  t.deepEqual(levels(decisions), [1, 2]);
  t.is(decisions[0]?.reason, '通話が20分を超えました（時間拘束）');
});

test('a call restored after 35 min hears of the last step alone', (t) => {
  const { decisions, state } = play([
    [0, { event: 'answered' }],
    [35 * MIN, { event: 'tick' }],
  ]);
  t.deepEqual(levels(decisions), [2]);
  t.is(nextClockAtMs(DEFAULT_POLICY, state), 60 * MIN);
});

test('a transfer does not start the caller’s clock again', (t) => {
  const { state } = play([
    [0, { event: 'answered' }],
    [19 * MIN, { event: 'answered' }],
  ]);
  t.is(nextClockAtMs(DEFAULT_POLICY, state), 20 * MIN);
});

test('a fax raises nothing, but a person’s cry for help is heard', (t) => {
  const { decisions } = play([
    [0, { event: 'answered' }],
    [1, { event: 'fax' }],
    [2, heard('殺すぞ', 'threat', 3)],
    [30 * MIN, { event: 'tick' }],
    [31 * MIN, { event: 'panic', by: 'button' }],
    [31 * MIN + 1, { event: 'panic', by: 'button' }],
  ]);
  t.deepEqual(
    decisions.map((decision) => [decision.do, decision.source]),
    [
      ['raise', 'panic'],
      ['raise', 'panic'],
    ],
  );
});

test('no reason that leaves the box holds a word of the caller’s', (t) => {
  const { decisions } = play([
    [0, heard('役立たず', 'verbalAbuse', 1)],
    [1, heard('無能だ', 'verbalAbuse', 1)],
    [2, heard('慰謝料払え', 'excessiveDemand', 2)],
    [3, heard('殺すぞ', 'threat', 3)],
  ]);
  t.is(decisions.length, 3);
  for (const { reasonUnquoted } of decisions) {
    t.notRegex(reasonUnquoted, /役立たず|無能だ|慰謝料払え|殺すぞ/);
  }
});

test('a random walk keeps the state bounded and the level rising', (t) => {
  const random = new SeededRandom(20_261_001);
  const categories: readonly PhraseCategory[] = [
    'detention',
    'repeat',
    'verbalAbuse',
    'announcedViolence',
    'threat',
    'authority',
    'offPremises',
    'socialMedia',
    'sexual',
    'excessiveDemand',
    'complaint',
    'ordinary',
  ];
  for (let round = 0; round < 50; round += 1) {
    let state = NEW_CALL;
    let nowMs = 0;
    for (let i = 0; i < 200; i += 1) {
      nowMs += random.below(30_000);
      const level = random.pick([0, 1, 2, 3] as const);
      const speaker = random.pick(['caller', 'staff'] as const);
      const event = random.pick<PolicyEvent>([
        heard('何か', random.pick(categories), level, speaker),
        heard('何か', random.pick(categories), level, speaker),
        { event: 'answered' },
        { event: 'tick' },
      ]);
      const verdict = decide(DEFAULT_POLICY, state, event, nowMs);
      t.true(verdict.callState.level >= state.level);
      t.true(verdict.callState.mild.length <= REMEMBERED_MAX);
      t.true(verdict.callState.raised.length <= REMEMBERED_MAX);
      for (const decision of verdict.decisions) t.true(decision.level <= verdict.callState.level);
      state = verdict.callState;
    }
  }
});

test('a ladder that does not rise is refused', (t) => {
  const rung = (afterMin: number): object => ({ afterMin, level: 1, line: '…' });
  t.false(policyConfig.safeParse({ clockLadder: [rung(20), rung(20)] }).success);
  t.true(policyConfig.safeParse({ clockLadder: [rung(15), rung(20)] }).success);
  t.false(
    policyConfig.safeParse({ unacknowledged: { secondPatternAfterS: 60, nextPersonAfterS: 30 } })
      .success,
  );
});
