/** Compact forms: RFC 3261 §7.3.3 and the RFCs that added their own. */
const COMPACT: ReadonlyMap<string, string> = new Map([
  ['a', 'Accept-Contact'],
  ['b', 'Referred-By'],
  ['c', 'Content-Type'],
  ['d', 'Request-Disposition'],
  ['e', 'Content-Encoding'],
  ['f', 'From'],
  ['i', 'Call-ID'],
  ['j', 'Reject-Contact'],
  ['k', 'Supported'],
  ['l', 'Content-Length'],
  ['m', 'Contact'],
  ['n', 'Identity-Info'],
  ['o', 'Event'],
  ['r', 'Refer-To'],
  ['s', 'Subject'],
  ['t', 'To'],
  ['u', 'Allow-Events'],
  ['v', 'Via'],
  ['x', 'Session-Expires'],
  ['y', 'Identity'],
]);

/** Names that are not simply capitalised at each hyphen. */
const SPECIAL: ReadonlyMap<string, string> = new Map(
  ['Call-ID', 'CSeq', 'WWW-Authenticate', 'MIME-Version', 'RAck', 'RSeq', 'SIP-ETag']
    .concat(['SIP-If-Match', 'Content-ID', 'Min-SE', 'User-to-User'])
    .map((name) => [name.toLowerCase(), name]),
);

const capitalise = (part: string): string => part.charAt(0).toUpperCase() + part.slice(1);

/** @returns the long, canonical spelling of a header name in any spelling: `k` → `Supported`, `call-id` → `Call-ID` */
export function canonicalHeaderName(name: string): string {
  const lower = name.toLowerCase();
  return COMPACT.get(lower) ?? SPECIAL.get(lower) ?? lower.split('-').map(capitalise).join('-');
}
