import { silentLog, systemClock } from '../../../base/index.js';
import { createRecorder } from '../index.js';
import { packetOf, tapOf } from './packets.js';

/**
 * Records a call in real time until it is killed. Prints `start <Unix ms>`, then `<n>` for each packet handed over.
 * Arguments: the folder of recordings, the call's id.
 */
const [, , directory = '', callId = ''] = process.argv;
const nothing = (): void => undefined;
const recorder = createRecorder(
  { directory, clock: systemClock, log: silentLog },
  {
    onStorageFailed: nothing,
    onStorageRecovered: nothing,
    onGap: nothing,
    onRefused: nothing,
    onLost: nothing,
  },
);
const port = recorder.openTapPort();
recorder.begin(callId, { heldUntilAnswered: false });

const startMs = Date.now();
process.stdout.write(`start ${startMs}\n`);
let sent = 0;
setInterval(() => {
  const due = Math.floor((Date.now() - startMs) / 20);
  const packets = Array.from({ length: due - sent }, (_, n) => packetOf(sent + n, startMs));
  port.postMessage(tapOf(callId, 'caller', packets));
  port.postMessage(tapOf(callId, 'staff', packets));
  sent = due;
  process.stdout.write(`${sent - 1}\n`);
}, 50);
