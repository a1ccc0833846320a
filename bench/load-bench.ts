/**
 * Eight calls at once with everything on: recorded, listened to, both sides talking.
 *
 *   node dist/bench/load-bench.js [--calls 8] [--minutes 10] [--detector on] [--out FILE]
 */
import { measure, numberOf } from './measure/measurement.js';
import { longCallsTable, longCallsVerdicts, runLongCalls } from './box/long-calls.js';

await measure({
  title: 'Load: calls at once through the box',
  defaults: { calls: '8', minutes: '10', detector: 'on' },
  async run(settings) {
    const result = await runLongCalls({
      calls: numberOf(settings, 'calls'),
      minutes: numberOf(settings, 'minutes'),
      detector: settings.get('detector') === 'on',
    });
    return {
      table: longCallsTable(result),
      verdicts: longCallsVerdicts(result),
      figures: { result },
    };
  },
});
