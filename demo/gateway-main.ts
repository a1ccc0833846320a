/** The process of the simulated home gateway. */
import { systemClock } from '../base/index.js';
import { Gateway } from './gateway.js';
import { runPeer } from './peer/run-peer.js';

runPeer((command, tell) =>
  command.do === 'openGateway' ? Gateway.open(command, systemClock, tell) : null,
);
