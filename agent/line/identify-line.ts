import type { SipRequest } from '../sip/index.js';
import type { Endpoint } from '../sip/index.js';
import type { Line } from './line-config.js';

/**
 * Whether a request comes from the configured line. Where two identities share one address (HT813: FXS and FXO), the port
 * tells, or the user that calls us: the line's own, as the HT813's Contact and From carry it.
 */
export function isFromLine(request: SipRequest, source: Endpoint, line: Line): boolean {
  if (source.address !== line.gatewayAddress) return false;
  if (line.profile.identifiedBy === 'address') return true;
  return source.port === line.gatewayPort || namesUser(request, line.user);
}

function namesUser(request: SipRequest, user: string): boolean {
  const contact = request.contacts === '*' ? undefined : request.contacts[0];
  return contact?.uri.user === user || request.from.uri.user === user;
}
