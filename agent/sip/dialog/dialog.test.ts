import test from 'ava';
import type { NameAddr } from '../message/sip-message.js';
import {
  ackInDialog,
  confirmedUacDialog,
  literalNextHop,
  nextHopUri,
  receiveInDialog,
  refreshTarget,
  requestInDialog,
  uacDialog,
  uasDialog,
} from './dialog.js';
import { answer, uriOf } from './testing/fake-transaction-layer.js';
import { inviteFromPeer, PEER } from './testing/stage.js';

const proxy = (host: string): NameAddr => ({
  displayName: '',
  uri: { ...uriOf('', host), params: [{ name: 'lr', value: null }] },
  params: [],
});
const hosts = (route: readonly NameAddr[]): string[] => route.map(({ uri }) => uri.host);

test('the route set of the UAC is the Record-Route turned round, that of the UAS as it came (RFC 3261 §12.1)', (t) => {
  const recordRoute = [proxy('192.0.2.31'), proxy('192.0.2.32')];
  const invite = inviteFromPeer({ recordRoute });
  const asUac = uacDialog(invite, answer(invite, 180, { tag: 'x', recordRoute }), PEER);
  t.deepEqual(hosts(asUac.routeSet), ['192.0.2.32', '192.0.2.31']);
  t.like(asUac, { localTag: 'theirs', remoteTag: 'x', localCSeq: 20, remoteCSeq: null });
  const asUas = uasDialog(invite, 'ours', PEER);
  t.deepEqual(hosts(asUas.routeSet), ['192.0.2.31', '192.0.2.32']);
  t.like(asUas, { localTag: 'ours', remoteTag: 'theirs', remoteCSeq: 20 });
  t.is(nextHopUri(asUas).host, '192.0.2.31');
});

test('the 2xx sets routes and target anew and keeps the numbers of the early dialog (RFC 3261 §13.2.2.4)', (t) => {
  const invite = inviteFromPeer();
  const early = uacDialog(
    invite,
    answer(invite, 183, { tag: 'x', recordRoute: [proxy('192.0.2.31')] }),
    PEER,
  );
  const [pracked] = requestInDialog(early, 'PRACK', {});
  const success = answer(invite, 200, { tag: 'x', contact: '192.0.2.50' });
  const confirmed = confirmedUacDialog({ ...pracked, remoteCSeq: 7 }, invite, success);
  t.deepEqual(confirmed.routeSet, []);
  t.is(confirmed.remoteTarget.host, '192.0.2.50');
  t.like(confirmed, { localCSeq: 21, remoteCSeq: 7 });
});

test('a request of ours is one up in CSeq, an ACK has that of its INVITE (RFC 3261 §12.2.1.1, §13.2.2.4)', (t) => {
  const dialog = uasDialog(inviteFromPeer(), 'ours', PEER);
  const [next, bye] = requestInDialog(dialog, 'BYE', {});
  t.is(bye.cSeq.number, 1);
  t.is(next.localCSeq, 1);
  t.deepEqual(bye.contacts, []);
  t.is(ackInDialog(next, 1, {}).cSeq.number, 1);
  const [stuck, last] = requestInDialog({ ...dialog, localCSeq: 2 ** 31 - 1 }, 'BYE', {});
  t.is(last.cSeq.number, 2 ** 31 - 1);
  t.is(stuck.localCSeq, 2 ** 31 - 1);
});

test('a lower CSeq is refused, an equal or higher one moves on, gaps included (RFC 3261 §12.2.2)', (t) => {
  const dialog = uasDialog(inviteFromPeer(), 'ours', PEER);
  const request = inviteFromPeer({ method: 'INFO' });
  const at = (number: number): number | null | undefined =>
    receiveInDialog(dialog, { ...request, cSeq: { number, method: 'INFO' } })?.remoteCSeq;
  t.is(at(19), undefined);
  t.is(at(20), 20);
  t.is(at(2 ** 31 - 1), 2 ** 31 - 1);
  t.is(refreshTarget(dialog, { ...request, contacts: [] }).remoteTarget, dialog.remoteTarget);
});

test('a URI leads to its IP address and port, a name to where the peer was met', (t) => {
  t.deepEqual(literalNextHop({ ...uriOf('x', '192.0.2.40'), port: 5062 }, PEER), {
    transport: 'UDP',
    address: '192.0.2.40',
    port: 5062,
  });
  t.is(literalNextHop(uriOf('x', '[2001:db8::1]'), PEER).address, '2001:db8::1');
  const tcp = { ...uriOf('x', '192.0.2.40'), params: [{ name: 'transport', value: 'tcp' }] };
  t.is(literalNextHop(tcp, PEER).transport, 'TCP');
  for (const host of ['gateway.invalid', '999.0.2.1', '1.2.3', '']) {
    t.is(literalNextHop(uriOf('x', host), PEER), PEER, host);
  }
});
