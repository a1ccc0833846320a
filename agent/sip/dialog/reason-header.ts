import { headersOf, type HeaderField, type SipMessage } from '../message/sip-message.js';
import type { Reason } from './session.js';

/** `Reason: SIP;cause=200;text="Call completed elsewhere"` (RFC 3326). */
export function reasonHeader(reason: Reason | null): readonly HeaderField[] {
  if (reason === null) return [];
  const text = reason.text.replaceAll(/["\\]/g, (mark) => `\\${mark}`);
  return [{ name: 'Reason', value: `${reason.protocol};cause=${reason.cause};text="${text}"` }];
}

/** @returns the first Reason that names a protocol and a cause; null when there is none */
export function reasonOf(message: SipMessage): Reason | null {
  for (const value of headersOf(message, 'Reason')) {
    const protocol = /^\s*(SIP|Q\.850)\s*;/i.exec(value)?.[1]?.toUpperCase();
    const cause = /;\s*cause\s*=\s*([0-9]{1,3})/i.exec(value)?.[1];
    if (cause === undefined || (protocol !== 'SIP' && protocol !== 'Q.850')) continue;
    return { protocol, cause: Number(cause), text: quotedTextOf(value) };
  }
  return null;
}

function quotedTextOf(value: string): string {
  const at = value.toLowerCase().indexOf('text="');
  if (at < 0) return '';
  let text = '';
  for (let i = at + 6; i < value.length && value.charAt(i) !== '"'; i += 1) {
    if (value.charAt(i) === '\\') i += 1;
    text += value.charAt(i);
  }
  return text;
}
