import { hasToken, headerOf, type SipResponse } from '../message/sip-message.js';

/**
 * The order of reliable 1xx in one early dialog, seen by the UAC (RFC 3262 §4).
 * `plain`: not reliable. `next`: take it and PRACK it. `ignore`: a repeat or out of order.
 */
export type ReliableVerdict =
  { readonly kind: 'plain' | 'ignore' } | { readonly kind: 'next'; readonly rSeq: number };

/** @param lastRSeq the RSeq of the last one taken; null before the first, which may have any */
export function judgeProvisional(response: SipResponse, lastRSeq: number | null): ReliableVerdict {
  if (!hasToken(response, 'Require', '100rel')) return { kind: 'plain' };
  const text = headerOf(response, 'RSeq')?.trim() ?? '';
  if (!/^[0-9]{1,10}$/.test(text)) return { kind: 'ignore' };
  const rSeq = Number(text);
  if (lastRSeq !== null && rSeq !== lastRSeq + 1) return { kind: 'ignore' };
  return { kind: 'next', rSeq };
}

/** `RAck` (RFC 3262 §7.2). */
export interface RAck {
  readonly rSeq: number;
  readonly cSeq: number;
  readonly method: string;
}

export function parseRAck(text: string | undefined): RAck | null {
  const [rSeq, cSeq, method, ...rest] = (text ?? '').trim().split(/[ \t]+/, 4);
  if (rSeq === undefined || cSeq === undefined || method === undefined) return null;
  if (rest.length > 0 || !/^[0-9]{1,10}$/.test(rSeq) || !/^[0-9]{1,10}$/.test(cSeq)) return null;
  return { rSeq: Number(rSeq), cSeq: Number(cSeq), method };
}
