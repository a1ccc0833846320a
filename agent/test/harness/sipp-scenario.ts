/** SIPp scenarios as TypeScript: the messages are written out as they go over the wire, the XML around them is made here. */

export interface SendOptions {
  /** UDP: repeat until the next message comes, T1 of RFC 3261. */
  readonly repeats?: boolean;
  /** How many of a hundred copies are lost on the way. */
  readonly lostPercent?: number;
  /** Names a transaction, so that answers can be told apart by it. */
  readonly opens?: string;
  /** The ACK of a transaction that was named. */
  readonly acks?: string;
  /** Where to go on when it is sent. */
  readonly then?: string;
}

export interface ReceiveOptions {
  readonly optional?: boolean;
  readonly lostPercent?: number;
  /** Keeps Record-Route and Contact for the requests to come. */
  readonly keepsRoute?: boolean;
  /** Must be this transaction's. */
  readonly of?: string;
  /** Answers the challenge in it with the user and password of the command line. */
  readonly challenges?: boolean;
  /** Must stand in a header: `header` and a POSIX regular expression. */
  readonly check?: { readonly header: string; readonly matches: string };
  /** Puts the first group of a match in a header into a variable: `[$name]` later. */
  readonly keep?: { readonly header: string; readonly matches: string; readonly as: string };
  /** Where to go on when it comes. */
  readonly then?: string;
  readonly timeoutMs?: number;
}

const escapeXml = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');

const attributes = (given: Readonly<Record<string, string | undefined>>): string =>
  Object.entries(given)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${name}="${escapeXml(value ?? '')}"`)
    .join('');

/** @param lines header lines, an empty one, the body's lines; SIPp writes CRLF */
export function send(lines: readonly string[], options: SendOptions = {}): string {
  const given = attributes({
    retrans: options.repeats === true ? '500' : undefined,
    lost: options.lostPercent?.toString(),
    start_txn: options.opens,
    ack_txn: options.acks,
    next: options.then,
  });
  return `<send${given}><![CDATA[\n\n${lines.join('\n')}\n\n]]></send>`;
}

function receive(kind: 'request' | 'response', what: string, options: ReceiveOptions): string {
  const given = attributes({
    [kind]: what,
    optional: options.optional === true ? 'true' : undefined,
    lost: options.lostPercent?.toString(),
    rrs: options.keepsRoute === true ? 'true' : undefined,
    response_txn: options.of,
    auth: options.challenges === true ? 'true' : undefined,
    next: options.then,
    timeout: options.timeoutMs?.toString(),
  });
  const actions: string[] = [];
  if (options.check !== undefined) {
    const { header, matches } = options.check;
    const asked = { regexp: matches, search_in: 'hdr', header: `${header}:`, check_it: 'true' };
    actions.push(`<ereg${attributes({ ...asked, assign_to: 'checked' })}/>`);
  }
  if (options.keep !== undefined) {
    const { header, matches, as } = options.keep;
    const asked = { regexp: matches, search_in: 'hdr', header: `${header}:` };
    actions.push(`<ereg${attributes({ ...asked, assign_to: `whole,${as}` })}/>`);
  }
  if (actions.length === 0) return `<recv${given}/>`;
  return `<recv${given}><action>${actions.join('')}</action></recv>`;
}

export const receiveRequest = (method: string, options: ReceiveOptions = {}): string =>
  receive('request', method, options);

export const receiveResponse = (status: number, options: ReceiveOptions = {}): string =>
  receive('response', String(status), options);

export const pause = (ms: number): string => `<pause milliseconds="${ms}"/>`;
export const label = (name: string): string => `<label id="${name}"/>`;

const VARIABLES = ['checked', 'whole', 'kept'];

export function scenario(...steps: readonly string[]): string {
  const text = steps.join('\n');
  // SIPp refuses a variable that is set and never read, and one that is read and never set.
  const used = VARIABLES.filter((name) => new RegExp(`assign_to="[^"]*\\b${name}\\b`).test(text));
  const reference = used.length === 0 ? '' : `<Reference variables="${used.join(',')}"/>`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<scenario name="peer">\n${text}\n${reference}\n</scenario>\n`;
}
