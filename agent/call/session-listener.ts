import type { SessionEvent } from '../sip/index.js';
import type { PartyLine } from './call-parties.js';
import type { CallEvent, CallState, PartyId } from './call-state.js';
import { digitOf, type InfoDigit } from './dtmf-info.js';
import type { LegMedia } from './leg-media.js';

/** What listening to one session needs of its call. */
export interface SessionListener {
  state(): CallState;
  media(): LegMedia | undefined;
  dispatch(event: CallEvent): void;
  /** The session is over: its party is no longer there. */
  leave(): void;
  refer(event: Extract<SessionEvent, { name: 'refer' }>): void;
  digit(digit: InfoDigit): void;
}

/** Says in the machine's words what one session of the call tells, and settles its SDP. */
export function onSessionEvent(
  party: PartyId,
  line: PartyLine,
  event: SessionEvent,
  listener: SessionListener,
): void {
  const media = listener.media();
  switch (event.name) {
    case 'progress': {
      // Only the line's early media is heard; several phones ring on one port.
      const sdp = line.who === 'line' ? event.sdp : null;
      if (sdp !== null) media?.agree(sdp);
      return listener.dispatch({ name: 'progress', party, early: sdp !== null });
    }
    case 'answered':
      return onAnswered(party, line, event.sdp, listener);
    case 'confirmed':
      if (event.sdp !== null) media?.agree(event.sdp);
      // Our offer was answered with nothing that we can hear (RFC 3264 §7: the call cannot stand).
      if (media?.isAgreed === false) {
        if (party === 'a') return listener.dispatch({ name: 'mediaFailed', status: 488 });
        return line.session.hangUp();
      }
      listener.dispatch({ name: 'confirmed', party });
      return listener.dispatch({ name: 'held', party, held: media?.isHeld === true });
    case 'offer':
      return onOffer(party, line, event.sdp, listener);
    case 'answer': {
      const agreed = media?.agree(event.sdp) ?? null;
      if (agreed !== null) listener.dispatch({ name: 'held', party, held: agreed.held });
      return;
    }
    case 'offerRefused':
      return;
    case 'refer':
      return listener.refer(event);
    case 'info': {
      const digit = digitOf(event.contentType, event.body);
      if (digit !== null) listener.digit(digit);
      return;
    }
    case 'ended': {
      listener.leave();
      const { how, status } = event.end;
      return listener.dispatch({ name: 'partyEnded', party, how, status });
    }
  }
}

function onAnswered(
  party: PartyId,
  line: PartyLine,
  sdp: string | null,
  listener: SessionListener,
): void {
  const { round, transfer } = listener.state();
  const ringing = [...(round?.ringing ?? []), ...(transfer?.round.ringing ?? [])];
  const counts = ringing.some((one) => one.party === party);
  const media = listener.media();
  if (counts) {
    const isUnusable = sdp !== null && (media?.agree(sdp) ?? null) === null;
    // It answered with nothing that we can hear; the others still ring.
    if (isUnusable || media?.isAgreed !== true) return line.session.hangUp();
  }
  listener.dispatch({ name: 'answered', party });
  if (counts && media?.isHeld === true) listener.dispatch({ name: 'held', party, held: true });
}

function onOffer(
  party: PartyId,
  line: PartyLine,
  sdp: string | null,
  listener: SessionListener,
): void {
  const media = listener.media();
  const { session } = line;
  if (sdp === null) {
    const offer = media?.offer() ?? null;
    return offer === null ? session.rejectOffer(488) : session.answerOffer(offer);
  }
  const outcome = media?.answer(sdp) ?? null;
  if (outcome === null || !('sdp' in outcome)) return session.rejectOffer(488);
  session.answerOffer(outcome.sdp);
  listener.dispatch({ name: 'held', party, held: outcome.held });
}
