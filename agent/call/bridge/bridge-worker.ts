import assert from 'node:assert/strict';
import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { openRtpSocket } from 'node-mediastream';
import { systemClock, systemRandom, type Clock } from '../../../base/index.js';
import { Bridge } from './bridge.js';
import {
  hrtimeOffsetMs,
  type BridgeWorkerStart,
  type FromBridgeWorker,
  type TapPorts,
  type ToBridgeWorker,
} from './bridge-channel.js';
import type { TapOutlets } from './bridge-environment.js';
import { loadPromptInThread } from './prompt-loader.js';

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
  bridge.connect(outletsOf(start));
  main.on('message', (message: ToBridgeWorker) => {
    if ('connect' in message) {
      bridge.connect(outletsOf(message.connect));
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

function outletsOf({ recordPort, detectPort }: TapPorts): TapOutlets {
  return {
    record:
      recordPort === null
        ? null
        : (tap) => recordPort.postMessage(tap, [transferable(tap.packets)]),
    detect:
      detectPort === null
        ? null
        : (tap) => detectPort.postMessage(tap, [transferable(tap.samples)]),
  };
}

function transferable({ buffer }: Uint8Array | Int16Array): ArrayBuffer {
  assert.ok(buffer instanceof ArrayBuffer, 'a tap has memory of its own');
  return buffer;
}

/** Our own client made it: only that it is there is looked at. */
function isStart(given: unknown): given is BridgeWorkerStart {
  return typeof given === 'object' && given !== null && 'settings' in given;
}

const given: unknown = workerData;
assert.ok(parentPort !== null && isStart(given), 'runs as a worker thread of startBridge');
runBridge(parentPort, given);
