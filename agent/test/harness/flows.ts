/** What several tests do the same way. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { readWav } from 'node-mediastream';
import { CALLER_HZ, type Samples } from './audio.js';
import { Baresip, type BaresipOptions } from './baresip.js';
import type { Scope } from './child.js';
import type { Place } from './place.js';
import { RtpPeer } from './rtp-peer.js';
import type { LineCall } from './sipp-messages.js';
import {
  label,
  pause,
  receiveRequest,
  receiveResponse,
  scenario,
  send,
  type ReceiveOptions,
} from './sipp-scenario.js';
import { Sipp, type SippOptions } from './sipp.js';

/** A prompt as it comes with the box: `announcement-ja`, `apology-ja`, `hold-ja`, `waiting-ja`. */
export async function builtInPrompt(name: string): Promise<Samples> {
  const file = new URL(`../../../../agent/call/prompts/${name}.wav`, import.meta.url);
  const [mono] = readWav(await readFile(fileURLToPath(file))).channels;
  return mono ?? new Float32Array();
}

/** Somebody on the outside line whose gateway is no more than a softphone. */
export const startCaller = (
  t: Scope,
  place: Place,
  options: Partial<BaresipOptions> = {},
): Promise<Baresip> =>
  Baresip.start(t, place, {
    address: place.gateway,
    user: '09000001234',
    says: CALLER_HZ,
    ...options,
  });

export const dialBox = (caller: Baresip, place: Place): Promise<void> =>
  caller.command('dial', `sip:3@${place.box}`);

/**
 * After a reliable 180: PRACK, and the two 200s that follow, of PRACK and INVITE, in whichever order (RFC 3262 §3: without
 * SDP in the 180 the 2xx need not wait for PRACK), then the ACK.
 * @param ok what the 200 of the INVITE must have
 */
export const prackAndAck = (call: LineCall, ok: ReceiveOptions = {}): readonly string[] => {
  const inviteOk: ReceiveOptions = { ...ok, of: 'invite', keepsRoute: true };
  return [
    send(call.inDialog('PRACK', 2, ['RAck: [$kept] 1 INVITE']), { repeats: true, opens: 'prack' }),
    receiveResponse(200, { ...inviteOk, optional: true, then: 'answered' }),
    receiveResponse(200, { of: 'prack' }),
    receiveResponse(200, { ...inviteOk, then: 'acknowledge' }),
    label('answered'),
    receiveResponse(200, { of: 'prack' }),
    label('acknowledge'),
    send(call.ack(), { acks: 'invite' }),
  ];
};

/** A reliable 180, its number kept for the PRACK. */
export const reliableRinging = (): string =>
  receiveResponse(180, {
    of: 'invite',
    keepsRoute: true,
    keep: { header: 'RSeq', matches: '([0-9]+)', as: 'kept' },
  });

/** From the INVITE to the ACK. */
export const upToAck = (call: LineCall): readonly string[] => [
  send(call.invite(), { repeats: true }),
  receiveResponse(100),
  receiveResponse(180),
  receiveResponse(200, { keepsRoute: true }),
  send(call.ack()),
];

export const hangUp = (call: LineCall, cSeq = 2): readonly string[] => [
  send(call.bye(cSeq), { repeats: true }),
  receiveResponse(200),
];

/** The other side hangs up. */
export const beHungUp = (): readonly string[] => [
  receiveRequest('BYE', { timeoutMs: 25_000 }),
  send([
    'SIP/2.0 200 OK',
    '[last_Via:]',
    '[last_From:]',
    '[last_To:]',
    '[last_Call-ID:]',
    '[last_CSeq:]',
    'Content-Length: 0',
  ]),
];

/** A whole call of the gateway that talks for `talkMs`. */
export const wholeCall = (call: LineCall, talkMs: number): string =>
  scenario(...upToAck(call), pause(talkMs), ...hangUp(call));

/** The gateway as SIPp plays it. */
export const startGateway = (
  t: Scope,
  place: Place,
  options: Partial<SippOptions> & Pick<SippOptions, 'scenario'>,
): Promise<Sipp> =>
  Sipp.start(t, place, {
    name: 'gateway',
    address: place.gateway,
    remote: place.box,
    ...options,
  });

/** The gateway's signalling by SIPp, its audio by the test. */
export async function startTalkingGateway(
  t: Scope,
  place: Place,
  options: Partial<SippOptions> & Pick<SippOptions, 'scenario'>,
): Promise<readonly [Sipp, RtpPeer]> {
  const rtp = await RtpPeer.open(t, place.gateway);
  return [await startGateway(t, place, { ...options, rtpPort: rtp.port }), rtp];
}
