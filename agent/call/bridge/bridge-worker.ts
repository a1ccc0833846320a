import assert from 'node:assert/strict';
import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { openRtpSocket } from 'node-mediastream';
import { systemClock, systemRandom, type Clock } from '../../../base/index.js';
import { Bridge } from './bridge.js';
import {
  hrtimeOffsetMs,
  type BridgeWorkerStart,
  type FromBridgeWorker,
  type ToBridgeWorker,
} from './bridge-channel.js';
import { loadPromptInThread } from './prompt-loader.js';
import { TapSwitch } from './tap-switch.js';

/** The media worker thread: real sockets, a clock in step with the main thread's, and its messages. */
function runBridge(main: MessagePort, start: BridgeWorkerStart): void {
  const tell = (message: FromBridgeWorker): void => main.postMessage(message);
  const bridge = new Bridge(start.settings, {
    clock: clockInStep(hrtimeOffsetMs() - start.hrtimeOffsetMs),
    random: systemRandom,
    openSocket: openRtpSocket,
    loadPrompt: loadPromptInThread,
    onEvent: (event) => tell({ event }),
    onFault: (fault) => tell({ fault }),
  });
  const taps = new TapSwitch({
    connect: (outlets) => bridge.connect(outlets),
    onClosed: (message) => tell({ fault: { what: 'tapClosed', legId: null, message } }),
  });
  taps.connect(start);
  main.on('message', (message: ToBridgeWorker) => {
    if ('connect' in message) {
      taps.connect(message.connect);
    } else if (message.command.do === 'close') {
      // With its port closed and no socket open the thread has nothing left to wait for, and ends.
      void bridge.close().then(() => main.close());
    } else {
      bridge.handle(message.command);
    }
  });
  tell({ event: { name: 'ready' } });
}

function clockInStep(offsetMs: number): Clock {
  return { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + offsetMs };
}

/** Our own client made it: only that it is there is looked at. */
function isStart(given: unknown): given is BridgeWorkerStart {
  return typeof given === 'object' && given !== null && 'settings' in given;
}

const given: unknown = workerData;
assert.ok(parentPort !== null && isStart(given), 'runs as a worker thread of startBridge');
runBridge(parentPort, given);
