/**
 * A SIP message as plain values (RFC 3261 §7): what the parser returns, the formatter writes, and the store keeps.
 * The fields that routing and matching need are typed and stand only here; every other header stays in `headers`.
 */

/** `;name=value` or `;name` (value null). Names are lower case; values are unquoted. Order is kept. */
export interface Param {
  readonly name: string;
  readonly value: string | null;
}

/** RFC 3261 §19.1; `tel:` (RFC 3966) has its number in `user` and an empty host. Unknown schemes keep their text in `opaque`. */
export interface SipUri {
  /** Lower case: `sip`, `sips`, `tel`, or another that we only carry. */
  readonly scheme: string;
  /** Unescaped; empty when there is none. */
  readonly user: string;
  readonly password: string | null;
  /** Lower case; an IPv6 address keeps its brackets. */
  readonly host: string;
  readonly port: number | null;
  readonly params: readonly Param[];
  /** The text after `?`, unparsed; empty when there is none. */
  readonly headers: string;
  /** The text after the scheme of a URI that is neither sip, sips nor tel; else empty. */
  readonly opaque: string;
}

/** From, To, Contact, Route …: RFC 3261 §20.10. */
export interface NameAddr {
  /** Unquoted, UTF-8; empty when there is none. */
  readonly displayName: string;
  readonly uri: SipUri;
  readonly params: readonly Param[];
}

/** RFC 3261 §20.42. */
export interface Via {
  /** Upper case: `UDP`, `TCP`, … */
  readonly transport: string;
  readonly host: string;
  readonly port: number | null;
  readonly params: readonly Param[];
}

export interface CSeq {
  /** 0…2^31−1 (RFC 3261 §8.1.1.5). */
  readonly number: number;
  readonly method: string;
}

/** A header that is not typed below; the name is its long, canonical spelling (`Session-Expires`). */
export interface HeaderField {
  readonly name: string;
  /** Unfolded, trimmed, UTF-8. */
  readonly value: string;
}

export interface SipMessageCore {
  /** Topmost first. */
  readonly via: readonly Via[];
  readonly from: NameAddr;
  readonly to: NameAddr;
  readonly callId: string;
  readonly cSeq: CSeq;
  /** `'*'` only in a REGISTER that removes all bindings (RFC 3261 §10.2.2). */
  readonly contacts: readonly NameAddr[] | '*';
  readonly route: readonly NameAddr[];
  readonly recordRoute: readonly NameAddr[];
  /** In order of the wire, without the fields above, Max-Forwards and Content-Length. */
  readonly headers: readonly HeaderField[];
  readonly body: Uint8Array;
}

export interface SipRequest extends SipMessageCore {
  readonly kind: 'request';
  /** Case-sensitive: `INVITE`. Unknown methods are carried. */
  readonly method: string;
  readonly uri: SipUri;
  /** 0…255; 70 when the message had none. */
  readonly maxForwards: number;
}

export interface SipResponse extends SipMessageCore {
  readonly kind: 'response';
  /** 100…699. */
  readonly status: number;
  readonly reason: string;
}

export type SipMessage = SipRequest | SipResponse;

/** @returns the value of the first parameter `name`; null when it has no value, undefined when it is absent */
export function paramOf(params: readonly Param[], name: string): string | null | undefined {
  for (const param of params) if (param.name === name) return param.value;
  return undefined;
}

/** @returns `params` with `name` set, in its place or at the end */
export function withParam(
  params: readonly Param[],
  name: string,
  value: string | null,
): readonly Param[] {
  const at = params.findIndex((param) => param.name === name);
  return at < 0 ? [...params, { name, value }] : params.with(at, { name, value });
}

/** @returns the tag of a From or To; undefined when it has none */
export function tagOf(address: NameAddr): string | undefined {
  return paramOf(address.params, 'tag') ?? undefined;
}

/** @returns the first header `name` (any case), undefined when absent */
export function headerOf(message: SipMessage, name: string): string | undefined {
  const wanted = name.toLowerCase();
  return message.headers.find((field) => field.name.toLowerCase() === wanted)?.value;
}

/** @returns every value of header `name` (any case), in order, one per header line */
export function headersOf(message: SipMessage, name: string): readonly string[] {
  const wanted = name.toLowerCase();
  return message.headers
    .filter((field) => field.name.toLowerCase() === wanted)
    .map((field) => field.value);
}

/** @returns the tokens of a comma-separated header (`Supported`, `Require`, `Allow`), trimmed, as written */
export function tokensOf(message: SipMessage, name: string): readonly string[] {
  return headersOf(message, name)
    .flatMap((value) => value.split(','))
    .map((token) => token.trim())
    .filter((token) => token !== '');
}

/** @returns whether an option tag stands in `Supported` or `Require` (any case) */
export function hasToken(message: SipMessage, header: string, token: string): boolean {
  const wanted = token.toLowerCase();
  return tokensOf(message, header).some((one) => one.toLowerCase() === wanted);
}
