import { isIPv6 } from 'node:net';

import { paramOf, type Param, type SipUri } from './sip-message.js';
import { isToken, oneLine, parseDigits, PARAMS_MAX } from './text-scan.js';
import { escapeUri, unescapeUri } from './uri-escape.js';

/** A DNS name is no longer (RFC 1035 §2.3.4). */
const HOST_MAX = 255;
const IPV6_MAX = 64;
/** Characters of one URI; real ones have fewer than 300. Longer ones are no URIs for us. */
export const URI_CHARS_MAX = 4_096;
const PORT_MAX = 65_535;
const USER_ALLOWED = '&=+$,;?/';
const PASSWORD_ALLOWED = '&=+$,';
const PARAM_ALLOWED = '[]/:&+$';
const HEADERS_ALLOWED = '[]/?:+$&=';

export interface HostPort {
  readonly host: string;
  readonly port: number | null;
}

const empty = { user: '', password: null, host: '', port: null, params: [], headers: '' } as const;

/**
 * Reads `host`, `host:port`, `[v6]:port`, and an IPv6 address without its brackets, which some phones send.
 * @returns the host in lower case, IPv6 in brackets; null when it is neither a name nor an address, or the port is not 1…65535
 */
export function parseHostPort(text: string): HostPort | null {
  if (text.startsWith('[')) {
    const end = text.indexOf(']');
    const inside = text.slice(1, end);
    if (end < 0 || inside.length > IPV6_MAX || !isIPv6(inside)) return null;
    return withPort(`[${inside.toLowerCase()}]`, text.slice(end + 1));
  }
  const colon = text.indexOf(':');
  if (colon >= 0 && colon !== text.lastIndexOf(':')) {
    if (text.length > IPV6_MAX || !isIPv6(text)) return null;
    return { host: `[${text.toLowerCase()}]`, port: null };
  }
  const host = colon < 0 ? text : text.slice(0, colon);
  if (!isHostName(host)) return null;
  return withPort(host.toLowerCase(), colon < 0 ? '' : text.slice(colon));
}

function withPort(host: string, rest: string): HostPort | null {
  if (rest === '') return { host, port: null };
  const port = rest.startsWith(':') ? parseDigits(rest.slice(1), PORT_MAX) : null;
  return port === null || port === 0 ? null : { host, port };
}

function isHostName(text: string): boolean {
  if (text === '' || text.length > HOST_MAX) return false;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    const isLetter = (code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a;
    // The underscore is no host character, yet Windows names and some phones carry it.
    if (!isLetter && !(code >= 0x30 && code <= 0x39) && !'-._'.includes(text.charAt(at)))
      return false;
  }
  return true;
}

const FORBIDDEN = /[\0-\x20\x7f"<>]/g;

const hasForbidden = (text: string): boolean => {
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code <= 0x20 || code === 0x7f || code === 0x22 || code === 0x3c || code === 0x3e)
      return true;
  }
  return false;
};

function isScheme(text: string): boolean {
  const first = text.charCodeAt(0) | 0x20;
  return first >= 0x61 && first <= 0x7a && isToken(text) && text.length <= 32;
}

/**
 * Reads one URI without angle brackets (RFC 3261 §19.1, RFC 3966). Any scheme is read; other than sip, sips and tel its
 * text stays in `opaque`.
 * @returns null when it is no URI; never throws
 */
export function parseSipUri(text: string): SipUri | null {
  if (text.length > URI_CHARS_MAX) return null;
  const colon = text.indexOf(':');
  if (colon <= 0 || !isScheme(text.slice(0, colon)) || hasForbidden(text)) return null;
  const scheme = text.slice(0, colon).toLowerCase();
  const rest = text.slice(colon + 1);
  if (scheme === 'tel') return parseTel(rest);
  if (scheme !== 'sip' && scheme !== 'sips') return { ...empty, scheme, opaque: rest };
  const at = rest.indexOf('@');
  const who = at < 0 ? { user: '', password: null } : parseUserInfo(rest.slice(0, at));
  const where = parseWhere(rest.slice(at + 1));
  return who === null || where === null ? null : { scheme, ...who, ...where, opaque: '' };
}

function parseTel(rest: string): SipUri | null {
  const semicolon = rest.indexOf(';');
  const user = unescapeUri(semicolon < 0 ? rest : rest.slice(0, semicolon));
  const params = semicolon < 0 ? [] : parseUriParams(rest.slice(semicolon + 1));
  if (user === null || user === '' || params === null) return null;
  return { ...empty, scheme: 'tel', user, params, opaque: '' };
}

function parseUserInfo(text: string): { user: string; password: string | null } | null {
  const colon = text.indexOf(':');
  const user = unescapeUri(colon < 0 ? text : text.slice(0, colon));
  const password = colon < 0 ? null : unescapeUri(text.slice(colon + 1));
  if (user === null || user === '' || (colon >= 0 && password === null)) return null;
  return { user, password };
}

function parseWhere(text: string): (HostPort & Pick<SipUri, 'params' | 'headers'>) | null {
  const question = text.indexOf('?');
  const headers = question < 0 ? '' : formatHeaders(text.slice(question + 1));
  const beforeHeaders = question < 0 ? text : text.slice(0, question);
  const semicolon = beforeHeaders.indexOf(';');
  const hostPort = parseHostPort(semicolon < 0 ? beforeHeaders : beforeHeaders.slice(0, semicolon));
  const params = semicolon < 0 ? [] : parseUriParams(beforeHeaders.slice(semicolon + 1));
  return hostPort === null || params === null ? null : { ...hostPort, params, headers };
}

const formatParamName = (name: string): string =>
  escapeUri(name, PARAM_ALLOWED, true).toLowerCase();
const formatParamValue = (value: string): string => escapeUri(value, `${PARAM_ALLOWED}=`, true);
const formatHeaders = (headers: string): string => escapeUri(headers, HEADERS_ALLOWED, true);

/** Values keep their escapes: what stands there is for whoever made the URI. What lacks its escapes gets them. */
function parseUriParams(text: string): readonly Param[] | null {
  const params: Param[] = [];
  let from = 0;
  while (from <= text.length) {
    const semicolon = text.indexOf(';', from);
    const end = semicolon < 0 ? text.length : semicolon;
    const part = text.slice(from, end);
    from = end + 1;
    if (part === '') continue;
    if (params.length >= PARAMS_MAX) return null;
    const equals = part.indexOf('=');
    const name = equals < 0 ? part : part.slice(0, equals);
    if (name === '') return null;
    params.push({
      name: formatParamName(name),
      value: equals < 0 ? null : formatParamValue(part.slice(equals + 1)),
    });
  }
  return params;
}

/** @returns the URI as text without angle brackets, escaped so that it cannot leave its place in a header */
export function formatSipUri(uri: SipUri): string {
  const params = uri.params.map(({ name, value }) =>
    value === null
      ? `;${formatParamName(name)}`
      : `;${formatParamName(name)}=${formatParamValue(value)}`,
  );
  const headers = uri.headers === '' ? '' : `?${formatHeaders(uri.headers)}`;
  if (uri.scheme === 'tel') return `tel:${escapeUri(uri.user, '+')}${params.join('')}`;
  if (uri.scheme !== 'sip' && uri.scheme !== 'sips') {
    return `${oneLine(uri.scheme)}:${uri.opaque.replace(FORBIDDEN, '')}`;
  }
  const password = uri.password === null ? '' : `:${escapeUri(uri.password, PASSWORD_ALLOWED)}`;
  const user = uri.user === '' ? '' : `${escapeUri(uri.user, USER_ALLOWED)}${password}@`;
  const port = uri.port === null ? '' : `:${uri.port}`;
  return `${uri.scheme}:${user}${oneLine(uri.host)}${port}${params.join('')}${headers}`;
}

/** Present in one URI only, these make two URIs different; others are then ignored (§19.1.4 and its examples). */
const DECISIVE = ['user', 'ttl', 'method', 'maddr', 'transport'];

const comparable = (value: string | null | undefined): string | undefined =>
  value === undefined ? undefined : (unescapeUri(value ?? '') ?? value ?? '').toLowerCase();

function areParamsEqual(a: SipUri, b: SipUri): boolean {
  const inBoth = a.params.every(({ name, value }) => {
    const other = paramOf(b.params, name);
    return other === undefined || comparable(value) === comparable(other);
  });
  return (
    inBoth &&
    DECISIVE.every(
      (name) => comparable(paramOf(a.params, name)) === comparable(paramOf(b.params, name)),
    )
  );
}

const headerSet = (headers: string): string =>
  headers
    .split('&')
    .map((field) => comparable(field))
    .sort()
    .join('&');

/** RFC 3966 §5: visual separators do not count. */
const numberOf = (uri: SipUri): string =>
  uri.scheme === 'tel' ? uri.user.replace(/[-.()]/g, '').toLowerCase() : uri.user;

/** RFC 3261 §19.1.4: user and password by case, the rest without; a missing port is not 5060. */
export function isSipUriEqual(a: SipUri, b: SipUri): boolean {
  return (
    a.scheme === b.scheme &&
    numberOf(a) === numberOf(b) &&
    a.password === b.password &&
    a.host === b.host &&
    a.port === b.port &&
    a.opaque === b.opaque &&
    areParamsEqual(a, b) &&
    headerSet(a.headers) === headerSet(b.headers)
  );
}
