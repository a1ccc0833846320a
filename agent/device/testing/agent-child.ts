/** The agent's side of the hardware in a process of its own, to be killed: `node agent-child.js SOCKET LEVEL`. */
import { silentLog, systemClock } from '../../../base/index.js';
import { createDeviceSink } from '../index.js';

const [socketPath = '', level = '0'] = process.argv.slice(2);
const say = (what: object): void => void process.stdout.write(`${JSON.stringify(what)}\n`);
const sink = createDeviceSink({
  socketPath,
  clock: systemClock,
  log: silentLog,
  onKey: (press) => say({ key: press.key, heldMs: press.heldMs }),
  onState: (state) => say({ state }),
});
sink.show?.({ level: level === '2' ? 2 : 0, overdueStage: 0, open: [], faults: [] });
