/** An agent's socket with nothing behind it: `node fake-agent.js SOCKET`; prints `ready`, lives until it is killed. */
import { silentLog, systemClock } from '../../../base/index.js';
import { startControl } from '../../control/index.js';
import { FakeBox } from '../../control/testing/fake-box.js';

const [socketPath = ''] = process.argv.slice(2);
await startControl({ socketPath, box: new FakeBox(), clock: systemClock, log: silentLog });
process.stdout.write('ready\n');
