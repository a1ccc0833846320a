import { headerOf, type SipRequest } from '../message/sip-message.js';
import type { ServerTransaction } from '../transaction/transaction-layer.js';
import type { DialogClient } from './dialog-client.js';
import { refuse } from './offer-exchange.js';
import { reasonOf } from './reason-header.js';
import type { Referrals } from './referrals.js';
import { contentTypeOf, respondTo, sdpOf, textOf } from './response.js';
import { ACCEPT, ALLOW, SUPPORTED } from './session-context.js';
import type { SessionCore } from './session-core.js';
import { answerSessionTimer } from './session-timer-machine.js';

/** What the server of a dialog's requests needs besides the session. */
export interface InDialogParts {
  /** The dialog of this To-tag's other side, early ones included; null: 481. */
  dialogOf(remoteTag: string): DialogClient | null;
  readonly referrals: Referrals;
  receivePrack(transaction: ServerTransaction): void;
}

/** Methods that we know and do not take inside a dialog: 405; what nobody knows gets 501. */
const KNOWN_ELSEWHERE: ReadonlySet<string> = new Set([
  'REGISTER',
  'MESSAGE',
  'SUBSCRIBE',
  'PUBLISH',
]);

/** Answers one request inside a dialog (RFC 3261 §12.2.2): order, body type, then the method. */
export function serveInDialog(
  core: SessionCore,
  parts: InDialogParts,
  transaction: ServerTransaction,
): void {
  const { request } = transaction;
  const remoteTag = request.from.params.find((param) => param.name === 'tag')?.value ?? '';
  const client = parts.dialogOf(remoteTag);
  if (client === null || (core.state === 'ended' && request.method !== 'BYE')) {
    transaction.respond(respondTo(request, 481));
  } else if (!client.receive(request)) {
    refuse(core, transaction, 500);
  } else {
    serve(core, parts, { transaction, client });
  }
}

function serve(
  core: SessionCore,
  parts: InDialogParts,
  {
    transaction,
    client,
  }: { readonly transaction: ServerTransaction; readonly client: DialogClient },
): void {
  const { request } = transaction;
  switch (request.method) {
    case 'BYE':
      transaction.respond(respondTo(request, 200));
      serveBye(core, request, client);
      break;
    case 'INVITE':
    case 'UPDATE':
      serveOffer(core, transaction, client);
      break;
    case 'PRACK':
      if (isBodyStrange(request)) refuseBody(transaction);
      else parts.receivePrack(transaction);
      break;
    case 'INFO':
      transaction.respond(respondTo(request, 200));
      core.emit({
        name: 'info',
        contentType: headerOf(request, 'Content-Type') ?? '',
        body: textOf(request),
      });
      break;
    case 'OPTIONS':
      transaction.respond(respondTo(request, 200, { headers: [ALLOW, SUPPORTED, ACCEPT] }));
      break;
    case 'REFER':
      if (core.state === 'confirmed') parts.referrals.receive(transaction);
      else transaction.respond(respondTo(request, 403));
      break;
    case 'NOTIFY':
      transaction.respond(respondTo(request, 200));
      break;
    default: {
      const status = KNOWN_ELSEWHERE.has(request.method) ? 405 : 501;
      transaction.respond(respondTo(request, status, { headers: [ALLOW] }));
    }
  }
}

function serveBye(core: SessionCore, request: SipRequest, client: DialogClient): void {
  // A branch that lost may say BYE as well: the session stays.
  if (core.state === 'ended' || (core.client !== null && client !== core.client)) return;
  if (core.client === null && core.role === 'uac') return;
  core.noteReason(reasonOf(request));
  core.step({ name: 'byeReceived' });
}

function serveOffer(core: SessionCore, transaction: ServerTransaction, client: DialogClient): void {
  const { request } = transaction;
  if (isBodyStrange(request)) {
    refuseBody(transaction);
    return;
  }
  const timer = answerSessionTimer(request, core.context.settings.minSeS);
  if (timer.verdict === 'tooSmall') {
    const minSe = { name: 'Min-SE', value: String(core.context.settings.minSeS) };
    transaction.respond(respondTo(request, 422, { headers: [minSe] }));
    return;
  }
  core.notePeer(request);
  if (request.method === 'UPDATE' && sdpOf(request) === null) {
    // A session refresh without offer (RFC 3311 §5.2, RFC 4028 §7.4).
    client.refreshTarget(request);
    transaction.respond(
      respondTo(request, 200, {
        contact: core.contact,
        headers: [ALLOW, SUPPORTED, ...timer.headers],
      }),
    );
    if (core.state === 'confirmed') core.refresh.agree(timer.agreed);
    return;
  }
  if (request.method === 'INVITE' && core.state === 'early') {
    // The first INVITE is still open: theirs (500) or ours (491), RFC 3261 §14.2.
    refuse(core, transaction, core.role === 'uas' ? 500 : 491);
    return;
  }
  client.refreshTarget(request);
  core.offers.receive(transaction);
}

/** We read SDP and nothing else in what may carry an offer or answer (RFC 3261 §8.2.3). */
export function isBodyStrange(request: SipRequest): boolean {
  if (request.body.length === 0) return false;
  const encoding = headerOf(request, 'Content-Encoding')?.trim().toLowerCase() ?? 'identity';
  return contentTypeOf(request) !== 'application/sdp' || encoding !== 'identity';
}

export function refuseBody(transaction: ServerTransaction, localTag?: string): void {
  transaction.respond(
    respondTo(transaction.request, 415, {
      headers: [ACCEPT, { name: 'Accept-Encoding', value: 'identity' }],
      ...(localTag === undefined ? {} : { localTag }),
    }),
  );
}
