/**
 * From the last sound of an abusive phrase until the alarm: the caller says it in a live call, and a subscriber waits for
 * `alert/level`. From the packet with the phrase's last audible sample leaving the gateway to the message's arrival.
 *
 *   node dist/bench/alert-latency.js [--phrases 76] [--out FILE]
 *
 * The phrases of bench/speech were spoken by Open JTalk (bench/speech/make-phrases.py). Policy tells one type at one level
 * once a minute, and within a call levels only rise: so a call takes phrases of different types, the mild ones first, each
 * acknowledged before the next, as long as the next is still one that must raise the alarm.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parsePhraseList, type SpokenPhrase } from './box/spoken-phrase.js';
import { AlarmListener } from './box/alarm-listener.js';
import { MeasuredBox, ROOT } from './box/measured-box.js';
import { Shop, type ShopCall } from './box/shop.js';
import { demoTurns, readSpeech } from './box/speech-files.js';
import { utterance, type Utterance } from './box/voice.js';
import {
  measure,
  ms,
  numberOf,
  say,
  wait,
  type Measured,
  type Settings,
} from './measure/measurement.js';
import { summarise } from './measure/statistics.js';
import { formatTable } from './measure/table.js';

/** INTERFACES §7. */
const P50_MAX_MS = 1_000;
const P95_MAX_MS = 1_500;
/** After this the phrase counts as missed. */
const PATIENCE_MS = 4_000;
/** From an acknowledgement, or a miss, to the next phrase. */
const BETWEEN_MS = 4_000;
/** From both sides talking to the first phrase. */
const OPENING_MS = 1_000;

interface Outcome {
  readonly phrase: SpokenPhrase;
  /** null: no alarm. */
  readonly latencyMs: number | null;
  /** What the box said it was. */
  readonly types: readonly string[];
  readonly level: number | null;
}

interface Stage {
  readonly listener: AlarmListener;
  readonly staff: readonly Utterance[];
  readonly speech: ReadonlyMap<SpokenPhrase, Utterance>;
}

/** What a call has raised so far, and so will not raise again. */
class Raised {
  #level = 0;
  readonly #kinds = new Set<string>();

  note(type: string, level: number): void {
    this.#level = Math.max(this.#level, level);
    this.#kinds.add(`${type} ${level}`);
  }

  mustRaise({ category, level }: SpokenPhrase): boolean {
    return level >= this.#level && !this.#kinds.has(`${category} ${level}`);
  }
}

async function speakOne(phrase: SpokenPhrase, call: ShopCall, stage: Stage): Promise<Outcome> {
  const { listener, speech } = stage;
  const words = speech.get(phrase);
  if (words === undefined) throw new TypeError(`no speech for ${phrase.text}`);
  const startedMs = performance.now();
  const { audibleEndMs } = call.caller.say(words);
  const endMs = await audibleEndMs;
  const raised = await listener.level((level) => level > 0, startedMs, endMs + PATIENCE_MS);
  if (raised !== null) await listener.acknowledge();
  const events = listener.events.filter(
    ({ atMs, value }) =>
      atMs >= startedMs && (value.kind === 'raised' || value.kind === 'escalated'),
  );
  return {
    phrase,
    latencyMs: raised === null ? null : raised.atMs - endMs,
    types: events.map(({ value }) => value.type),
    level: raised?.value ?? null,
  };
}

/** One call: takes from the phrases what must raise an alarm in it, until there is nothing of the kind. */
async function runCall(
  waiting: SpokenPhrase[],
  call: ShopCall,
  stage: Stage,
): Promise<readonly Outcome[]> {
  const raised = new Raised();
  const outcomes: Outcome[] = [];
  await wait(OPENING_MS);
  for (;;) {
    const at = waiting.findIndex((phrase) => raised.mustRaise(phrase));
    const [phrase] = at < 0 ? [] : waiting.splice(at, 1);
    if (phrase === undefined) return outcomes;
    const outcome = await speakOne(phrase, call, stage);
    outcomes.push(outcome);
    raised.note(phrase.category, phrase.level);
    for (const type of outcome.types) raised.note(type, outcome.level ?? 0);
    const found = outcome.latencyMs === null ? 'missed' : ms(outcome.latencyMs, 0);
    say(
      `${phrase.text} (${phrase.category} ${phrase.level}): ${found} ${outcome.types.join(', ')}`,
    );
    const turn = stage.staff[outcomes.length % stage.staff.length];
    if (turn !== undefined) call.staff.say(turn);
    await wait(BETWEEN_MS);
  }
}

async function runCalls(
  phrases: readonly SpokenPhrase[],
  stage: Stage,
): Promise<readonly Outcome[]> {
  const shop = await Shop.open(1);
  const outcomes: Outcome[] = [];
  try {
    const waiting = [...phrases].sort((a, b) => a.level - b.level);
    while (waiting.length > 0) {
      const call = await shop.call();
      outcomes.push(...(await runCall(waiting, call, stage)));
      await call.hangUp();
    }
    return outcomes;
  } finally {
    await shop.close();
  }
}

function report(outcomes: readonly Outcome[]): Measured {
  const raised = outcomes.filter(({ latencyMs }) => latencyMs !== null);
  const latencies = outcomes.flatMap(({ latencyMs }) => (latencyMs === null ? [] : [latencyMs]));
  const all = summarise(latencies);
  const right = raised.filter(({ phrase, types }) => types.includes(phrase.category));
  const missed = outcomes.filter(({ latencyMs }) => latencyMs === null);
  const categories = [...new Set(outcomes.map(({ phrase }) => phrase.category))];
  const rows = [...categories, 'all'].map((category) => {
    const its = outcomes.filter(({ phrase }) => category === 'all' || phrase.category === category);
    const values = its.flatMap(({ latencyMs }) => (latencyMs === null ? [] : [latencyMs]));
    const { p50, p95, max } = summarise(values);
    const ofItsType = its.filter(({ phrase, types }) => types.includes(phrase.category)).length;
    return [
      category,
      its.length,
      values.length,
      ofItsType,
      p50,
      p95,
      max,
      values.length / its.length,
    ];
  });
  const head = ['category', 'spoken', 'raised', 'as that', 'p50 ms', 'p95 ms', 'max ms'];
  const table = formatTable([...head, 'raised ÷ spoken'], rows);
  const names = missed.map(({ phrase }) => phrase.text).join('、');
  return {
    table: `${table}\n\nmissed: ${missed.length === 0 ? 'none' : names}`,
    verdicts: [
      {
        what: 'end of phrase → alert/level, of those raised',
        promised: `p50 ≤ ${P50_MAX_MS} ms, p95 ≤ ${P95_MAX_MS} ms`,
        found: `p50 ${ms(all.p50, 0)}, p95 ${ms(all.p95, 0)} over ${all.count} phrases`,
        kept: (all.p50 ?? Infinity) <= P50_MAX_MS && (all.p95 ?? Infinity) <= P95_MAX_MS,
      },
    ],
    figures: {
      spoken: outcomes.length,
      raised: raised.length,
      raisedAsTheirCategory: right.length,
      latencyMs: all,
      outcomes,
    },
  };
}

async function run(settings: Settings): Promise<Measured> {
  const folder = join(ROOT, 'bench/speech');
  const list = parsePhraseList(await readFile(join(folder, 'phrases.tsv'), 'utf8'));
  const phrases = evenly(list, numberOf(settings, 'phrases'));
  const speech = new Map<SpokenPhrase, Utterance>();
  for (const phrase of phrases) {
    speech.set(phrase, utterance(await readSpeech(join(folder, 'phrases', phrase.file))));
  }
  const box = await MeasuredBox.start({ phones: 1, detector: true });
  try {
    const listener = await AlarmListener.open();
    try {
      return report(await runCalls(phrases, { listener, staff: await demoTurns('staff'), speech }));
    } finally {
      await listener.close();
    }
  } finally {
    await box.stop();
  }
}

/** So many of a list, from all over it. */
function evenly<Item>(list: readonly Item[], count: number): readonly Item[] {
  const wanted = Math.min(count, list.length);
  return list.filter(
    (_, i) =>
      Math.floor((i * wanted) / list.length) !== Math.floor(((i - 1) * wanted) / list.length),
  );
}

await measure({
  title: 'Alarm: end of an abusive phrase to alert/level',
  defaults: { phrases: '76' },
  run,
});
