/** The process of the simulated shop phone. */
import { systemClock } from '../base/index.js';
import { runPeer } from './peer/run-peer.js';
import { Phone } from './phone.js';

runPeer((command, tell) =>
  command.do === 'openPhone' ? Phone.open(command, systemClock, tell) : null,
);
