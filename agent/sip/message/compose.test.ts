import test from 'ava';

import { addressOf, requestOf } from '../testing/message-builders.js';
import { ackFor, cancelFor, responseTo } from './compose.js';
import { headerOf, tagOf } from './sip-message.js';
import { parseVia } from './via.js';

const via = [
  'SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKa',
  'SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKb',
].flatMap((text) => parseVia(text) ?? []);
const invite = requestOf('INVITE', {
  via,
  recordRoute: [addressOf('<sip:192.0.2.9;lr>')],
  route: [addressOf('<sip:192.0.2.8;lr>')],
  headers: [{ name: 'Timestamp', value: '54' }],
});

test('a response copies Via, From, To, Call-ID and CSeq and tags To once (RFC 3261 §8.2.6.2)', (t) => {
  const ringing = responseTo(invite, 180, { toTag: 'x' });
  t.deepEqual(ringing.via, via);
  t.is(tagOf(ringing.to), 'x');
  t.is(ringing.reason, 'Ringing');
  t.deepEqual(ringing.recordRoute, invite.recordRoute);
  t.is(tagOf(responseTo({ ...invite, to: ringing.to }, 200, { toTag: 'y' }).to), 'x');
});

test('a failure carries no Record-Route, a 100 the Timestamp and no tag (RFC 3261 §8.2.6.1, §12.1.1)', (t) => {
  t.deepEqual(responseTo(invite, 486, { toTag: 'x' }).recordRoute, []);
  const trying = responseTo(invite, 100);
  t.is(headerOf(trying, 'Timestamp'), '54');
  t.is(tagOf(trying.to), undefined);
});

test('the ACK of a non-2xx has the topmost Via alone, the route, and the tag of the response (RFC 3261 §17.1.1.3)', (t) => {
  const ack = ackFor(invite, responseTo(invite, 486, { toTag: 'x' }));
  t.deepEqual(ack.via, via.slice(0, 1));
  t.deepEqual(ack.route, invite.route);
  t.is(tagOf(ack.to), 'x');
  t.deepEqual(ack.cSeq, { number: 1, method: 'ACK' });
});

test('a CANCEL has the branch and To of its INVITE (RFC 3261 §9.1)', (t) => {
  const cancel = cancelFor(invite, [{ name: 'Reason', value: 'SIP;cause=200' }]);
  t.deepEqual(cancel.via, via.slice(0, 1));
  t.deepEqual(cancel.to, invite.to);
  t.is(headerOf(cancel, 'Reason'), 'SIP;cause=200');
  t.is(headerOf(cancel, 'Timestamp'), undefined);
});
