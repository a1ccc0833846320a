/**
 * How fast the box answers the line: INVITE → 100, → 180, → 200, over real UDP, one call after the other.
 *
 *   node dist/bench/sip-bench.js [--calls 200] [--out FILE]
 */
import { InviteClient, type InviteTimes } from './box/invite-client.js';
import { MeasuredBox } from './box/measured-box.js';
import { measure, ms, numberOf, wait, type Verdict } from './measure/measurement.js';
import { summarise, type Summary } from './measure/statistics.js';
import { formatTable } from './measure/table.js';

/** INTERFACES §7, at the median. */
const TO_100_MAX_MS = 20;
const TO_180_MAX_MS = 50;
/** Calls before those that count: what is compiled at its first use is compiled then. */
const FIRST_CALLS = 10;
const BETWEEN_MS = 30;

async function callAll(count: number): Promise<readonly InviteTimes[]> {
  const client = await InviteClient.open();
  try {
    const times: InviteTimes[] = [];
    for (let n = 0; n < FIRST_CALLS + count; n += 1) {
      times.push(await client.call());
      await wait(BETWEEN_MS);
    }
    return times;
  } finally {
    client.close();
  }
}

const verdict = (what: string, limitMs: number, { p50 }: Summary): Verdict => ({
  what,
  promised: `p50 ≤ ${limitMs} ms`,
  found: `p50 ${ms(p50, 2)}`,
  kept: p50 !== null && p50 <= limitMs,
});

await measure({
  title: 'SIP: INVITE → 100, → 180, → 200',
  defaults: { calls: '200' },
  async run(settings) {
    const calls = numberOf(settings, 'calls');
    const box = await MeasuredBox.start({ phones: 1, detector: false });
    try {
      const times = (await callAll(calls)).slice(FIRST_CALLS);
      const of = (pick: (one: InviteTimes) => number | null): Summary =>
        summarise(times.map(pick).filter((value) => value !== null));
      const summaries = {
        to100: of((one) => one.to100),
        to180: of((one) => one.to180),
        to200: of((one) => one.to200),
      };
      const { to100, to180, to200 } = summaries;
      const rows = [
        ['INVITE → 100', to100, TO_100_MAX_MS],
        ['INVITE → 180', to180, TO_180_MAX_MS],
        ['INVITE → 200', to200, null],
      ] as const;
      const table = formatTable(
        ['answer', 'calls', 'p50 ms', 'p95 ms', 'p99 ms', 'max ms', 'p50 ÷ limit'],
        rows.map(([name, its, limit]) => {
          const share = its.p50 === null || limit === null ? null : its.p50 / limit;
          return [name, its.count, its.p50, its.p95, its.p99, its.max, share];
        }),
      );
      const answered = {
        what: 'answers',
        promised: `${calls} of each`,
        found: `${to100.count}, ${to180.count}, ${to200.count}`,
        kept: [to100, to180, to200].every(({ count }) => count === calls),
      };
      const verdicts = [
        verdict('INVITE → 100', TO_100_MAX_MS, to100),
        verdict('INVITE → 180', TO_180_MAX_MS, to180),
        answered,
      ];
      return { table, verdicts, figures: { summaries } };
    } finally {
      await box.stop();
    }
  },
});
