/**
 * Gateways differ in data, never in code (TELEPHONY: the home gateway, the Grandstream HT813, anything else). What only the
 * first real unit can confirm stands here and nowhere else, so that correcting it is one line.
 */
export type ProfileName = 'hgw' | 'ht813' | 'generic';

/** Where the called number stands; the first place that holds a number counts. */
export type CalledNumberPlace = 'toDisplayName' | 'toUser' | 'pCalledPartyId' | 'requestUri';

export interface LineProfile {
  readonly name: ProfileName;
  /** Whether our requests ask for `rport` (RFC 3581); recipes for the home gateway switch it off. */
  readonly sendsRport: boolean;
  /** Replies go to this port whatever the Via says; null: as RFC 3261 §18.2.2 and RFC 3581 say. */
  readonly replyPort: number | null;
  /** Requests from another source port are refused; null: any. */
  readonly sourcePort: number | null;
  /** The gateway's port unless configured. */
  readonly defaultGatewayPort: number;
  /** How a call of the line is told from other requests of the same address. */
  readonly identifiedBy: 'address' | 'addressAndPort';
  readonly registersByDefault: boolean;
  /** The digest user of an extension when none is configured: `0003` for 3, or the user itself. */
  readonly authUserForm: 'fourDigits' | 'sameAsUser';
  /** Whether REGISTER and INVITE carry the gateway as a loose route. */
  readonly usesOutboundProxy: boolean;
  readonly calledNumberPlaces: readonly CalledNumberPlace[];
  readonly dtmf: 'rfc4733' | 'inBand';
  /** Payload type under which we offer telephone-event to the line; null: not offered. */
  readonly offeredTelephoneEventPayloadType: number | null;
  /** Whether a 400 Hz busy tone, and not a BYE, is how the caller's hanging up arrives. */
  readonly hangsUpByTone: boolean;
  /** User parts that stand for "no number": lower case, compared whole. Empty and all zeros are always among them. */
  readonly withheldUsers: readonly string[];
  /** Whether the line's own user as caller means "no number". */
  readonly ownUserIsWithheld: boolean;
  readonly keepaliveIntervalMs: number;
  /** What our INVITEs ask for (RFC 4028), s; null: no session timer. */
  readonly sessionExpiresS: number | null;
}

export const PROFILES: Readonly<Record<ProfileName, LineProfile>> = {
  hgw: {
    name: 'hgw',
    sendsRport: false,
    replyPort: 5060,
    sourcePort: 5060,
    defaultGatewayPort: 5060,
    identifiedBy: 'address',
    registersByDefault: true,
    authUserForm: 'fourDigits',
    usesOutboundProxy: true,
    calledNumberPlaces: ['toDisplayName', 'toUser', 'pCalledPartyId'],
    dtmf: 'inBand',
    offeredTelephoneEventPayloadType: null,
    hangsUpByTone: false,
    withheldUsers: ['anonymous'],
    ownUserIsWithheld: false,
    keepaliveIntervalMs: 30_000,
    sessionExpiresS: 300,
  },
  ht813: {
    name: 'ht813',
    sendsRport: true,
    replyPort: null,
    sourcePort: null,
    defaultGatewayPort: 5062,
    identifiedBy: 'addressAndPort',
    registersByDefault: false,
    authUserForm: 'sameAsUser',
    usesOutboundProxy: false,
    calledNumberPlaces: [],
    dtmf: 'rfc4733',
    offeredTelephoneEventPayloadType: 101,
    hangsUpByTone: true,
    withheldUsers: ['anonymous', 'ht813', '813'],
    ownUserIsWithheld: true,
    keepaliveIntervalMs: 30_000,
    sessionExpiresS: null,
  },
  generic: {
    name: 'generic',
    sendsRport: true,
    replyPort: null,
    sourcePort: null,
    defaultGatewayPort: 5060,
    identifiedBy: 'address',
    registersByDefault: false,
    authUserForm: 'sameAsUser',
    usesOutboundProxy: false,
    calledNumberPlaces: ['pCalledPartyId', 'toUser', 'requestUri'],
    dtmf: 'rfc4733',
    offeredTelephoneEventPayloadType: 101,
    hangsUpByTone: false,
    withheldUsers: ['anonymous'],
    ownUserIsWithheld: false,
    keepaliveIntervalMs: 30_000,
    sessionExpiresS: 1_800,
  },
};
