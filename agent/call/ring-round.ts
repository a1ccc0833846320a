import type { CallEnvironment } from './call-environment.js';
import type { CallEffect, CallState, NobodyWhy, PartyId, Ringing } from './call-state.js';
import type { PartyLine } from './call-parties.js';
import type { LegMedia } from './leg-media.js';

/** What ringing needs of the call it is for. */
export interface RoundMaker {
  readonly environment: CallEnvironment;
  state(): CallState;
  makeLeg(who: string): LegMedia;
  addParty(line: PartyLine): PartyId;
  /** `nobody`: why `ringing` is empty. */
  rung(ringing: readonly Ringing[], nobody?: NobodyWhy): void;
}

/**
 * Opens one port for the round and sends its INVITEs with one offer; `rung` tells who rings, also when nobody does.
 * All of a round share the port: only the winner's address is ever latched.
 */
export function ringRound(effect: Extract<CallEffect, { do: 'ring' }>, maker: RoundMaker): void {
  const { environment } = maker;
  const invitations = environment.invitationsFor(effect.target, maker.state());
  if (typeof invitations === 'string') return maker.rung([], invitations);
  const first = invitations[0];
  if (first === undefined) return maker.rung([], 'unregistered');
  const media = maker.makeLeg(first.who);
  media.open((opened) => {
    const sdp = opened ? media.offer() : null;
    if (sdp === null || maker.state().phase === 'ended') return maker.rung([], 'unreachable');
    const ringing = invitations.flatMap(({ who, invite }): readonly Ringing[] => {
      const session = environment.invite({ ...invite, sdp });
      const party = maker.addParty({ session, legId: effect.legId, who });
      // A port that refuses has ended it already.
      return session.state === 'ended' ? [] : [{ party, who, progress: 'calling' }];
    });
    maker.rung(ringing, ringing.length === 0 ? 'unreachable' : undefined);
  });
}
