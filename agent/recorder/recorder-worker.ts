import { strict as assert } from 'node:assert';
import { parentPort, type MessagePort } from 'node:worker_threads';

import { readPacketBatch } from 'node-mediastream';

import { systemClock } from '../../base/index.js';
import { RecorderCore } from './recorder-core.js';
import { nodeFileSystem } from './recorder-files.js';
import type {
  RecorderCommand,
  RecorderEvent,
  RecorderSettings,
  TappedPackets,
} from './recorder-protocol.js';

/** The recorder's thread: commands in over the parent port, packets over the ports of the media worker, events out. */
function start(parent: MessagePort, settings: RecorderSettings): void {
  const ports = new Set<MessagePort>();
  const core = new RecorderCore(settings, {
    clock: systemClock,
    files: nodeFileSystem,
    readPackets: readPacketBatch,
    emit: (event: RecorderEvent) => parent.postMessage(event),
  });
  const listen = (port: MessagePort): void => {
    ports.add(port);
    port.on('message', (tapped: TappedPackets) => core.tap(tapped));
    port.on('close', () => ports.delete(port));
  };
  parent.on('message', (command: RecorderCommand) => {
    switch (command.do) {
      case 'start':
        return;
      case 'begin':
        core.begin(command.callId, command.options);
        return;
      case 'listen':
        listen(command.port);
        return;
      case 'close':
        core.close();
        for (const port of ports) port.close();
        parent.close();
        return;
      case 'commit':
      case 'discard':
      case 'end':
        core.dispatch(command.callId, { name: command.do });
    }
  });
}

assert(parentPort !== null, 'recorder-worker is started by recorder-client');
const parent = parentPort;
parent.once('message', (command: RecorderCommand) => {
  assert(command.do === 'start');
  start(parent, command.settings);
});
