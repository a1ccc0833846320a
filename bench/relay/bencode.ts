/** Bencode, the form of rtpengine's control messages: strings, whole numbers, lists and dictionaries. */
export type Bencoded = string | number | readonly Bencoded[] | { readonly [key: string]: Bencoded };

const isList = (value: Bencoded): value is readonly Bencoded[] => Array.isArray(value);

export function encodeBencode(value: Bencoded): string {
  if (typeof value === 'number') return `i${value}e`;
  if (typeof value === 'string') return `${Buffer.byteLength(value)}:${value}`;
  if (isList(value)) return `l${value.map(encodeBencode).join('')}e`;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `d${entries.map(([key, item]) => encodeBencode(key) + encodeBencode(item)).join('')}e`;
}

/** @throws {TypeError} when it is not bencode */
export function decodeBencode(text: string): Bencoded {
  let at = 0;
  const refuse = (): never => {
    throw new TypeError(`not bencode at ${at}: ${text.slice(at, at + 20)}`);
  };
  const until = (mark: string): string => {
    const end = text.indexOf(mark, at);
    if (end < 0) return refuse();
    const found = text.slice(at, end);
    at = end + 1;
    return found;
  };
  const readString = (): string => {
    const length = Number(until(':'));
    if (!(length >= 0 && at + length <= text.length)) return refuse();
    at += length;
    return text.slice(at - length, at);
  };
  const read = (): Bencoded => {
    const mark = text[at];
    if (mark === 'i') {
      at += 1;
      return Number(until('e'));
    }
    if (mark !== 'l' && mark !== 'd') return readString();
    at += 1;
    const list: Bencoded[] = [];
    const entries: [string, Bencoded][] = [];
    while (text[at] !== 'e') {
      if (at >= text.length) return refuse();
      if (mark === 'l') list.push(read());
      else entries.push([readString(), read()]);
    }
    at += 1;
    return mark === 'l' ? list : Object.fromEntries(entries);
  };
  return read();
}
