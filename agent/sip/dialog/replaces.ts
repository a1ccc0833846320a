import type { Replaces } from './session.js';

/** Parameters read of one Replaces; more are not looked at. */
const PARAMS_MAX = 16;

/** Reads a Replaces value: `callId;to-tag=a;from-tag=b;early-only` (RFC 3891 §6.1). @returns null when malformed */
export function parseReplaces(text: string): Replaces | null {
  const [first = '', ...params] = text.split(';', PARAMS_MAX);
  const callId = first.trim();
  const tags = { 'to-tag': '', 'from-tag': '' };
  let earlyOnly = false;
  for (const param of params) {
    const [name = '', value] = param.split('=', 2).map((part) => part.trim());
    const lower = name.toLowerCase();
    if (lower === 'early-only') earlyOnly = true;
    if (lower === 'to-tag' || lower === 'from-tag') {
      if (value === undefined || value === '' || tags[lower] !== '') return null;
      tags[lower] = value;
    }
  }
  if (callId === '' || tags['to-tag'] === '' || tags['from-tag'] === '') return null;
  return { callId, toTag: tags['to-tag'], fromTag: tags['from-tag'], earlyOnly };
}
