import { parseNameAddrList } from '../sip/index.js';
import { headerOf, type SipRequest } from '../sip/index.js';
import { normaliseNumber } from './digits.js';
import type { CalledNumberPlace, LineProfile } from './profiles.js';

/**
 * @returns which of the shop's numbers was called, national digits; a single digit for a call inside the home gateway; null
 *   when the gateway does not say
 */
export function calledNumberOf(invite: SipRequest, profile: LineProfile): string | null {
  for (const place of profile.calledNumberPlaces) {
    const number = normaliseNumber(textAt(invite, place));
    if (number !== null) return number;
  }
  return null;
}

function textAt(invite: SipRequest, place: CalledNumberPlace): string {
  switch (place) {
    case 'toDisplayName':
      return invite.to.displayName;
    case 'toUser':
      return invite.to.uri.user;
    case 'requestUri':
      return invite.uri.user;
    case 'pCalledPartyId':
      return parseNameAddrList(headerOf(invite, 'P-Called-Party-ID') ?? '')?.[0]?.uri.user ?? '';
  }
}
