import { Buffer } from 'node:buffer';

import type { SeededRandom } from '../../../base/testing/seeded-random.js';

/**
 * Valid SIP messages from the grammar of RFC 3261 §25, with all its freedoms: folding, blanks round marks, compact names,
 * lists on one line or several, escapes, quoted strings, IPv6, tel:, UTF-8. One seed, one message.
 */
export class SipGrammar {
  readonly #random: SeededRandom;

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  /** @returns the bytes of one valid request or response */
  message(): Uint8Array {
    const isRequest = this.#chance(0.6);
    const method = isRequest ? this.#method() : this.#pick(METHODS);
    const body = Buffer.from(this.#text(UTF8, this.#below(this.#chance(0.1) ? 900 : 30)));
    const start = isRequest
      ? `${method} ${this.#uri()} SIP/2.0`
      : `SIP/2.0 ${100 + this.#below(600)} ${this.#text(WORDS, this.#below(12))}`;
    const fields = [
      ...this.#lists(['Via', 'v'], () => this.#via(), 1),
      this.#line(['From', 'f'], this.#address(true)),
      this.#line(['To', 't'], this.#address(this.#chance(0.5))),
      this.#line(['Call-ID', 'i'], this.#callId()),
      this.#line(['CSeq'], `${this.#below(2 ** 31)}${this.#lws()}${method}`),
      ...this.#lists(['Contact', 'm'], () => this.#address(false), 0),
      ...this.#lists(['Route'], () => this.#bracketed(), 0),
      ...this.#lists(['Record-Route'], () => this.#bracketed(), 0),
      ...(this.#chance(0.8) ? [this.#line(['Max-Forwards'], String(this.#below(256)))] : []),
      ...Array.from({ length: this.#below(5) }, () => this.#extension()),
      ...(this.#chance(0.9) ? [this.#line(['Content-Length', 'l'], String(body.length))] : []),
    ];
    const head = `${start}\r\n${this.#shuffled(fields).join('')}\r\n`;
    return Buffer.concat([Buffer.from(head), body]);
  }

  #below(below: number): number {
    return this.#random.below(below);
  }

  #chance(rate: number): boolean {
    return this.#random.fraction() < rate;
  }

  #pick<T>(items: readonly T[]): T {
    return this.#random.pick(items);
  }

  #text(alphabet: string, length: number): string {
    const chars = Array.from(alphabet);
    return Array.from({ length }, () => this.#pick(chars)).join('');
  }

  /** LWS: blanks, perhaps a folded line. */
  #lws(): string {
    return this.#pick([' ', ' ', '  ', '\t', '\r\n ', ' \r\n\t ']);
  }

  /** SWS: LWS or nothing. */
  #sws(): string {
    return this.#chance(0.8) ? '' : this.#lws();
  }

  #mark(char: string): string {
    return `${this.#sws()}${char}${this.#sws()}`;
  }

  #method(): string {
    return this.#chance(0.9) ? this.#pick(METHODS) : this.#text(TOKEN, 1 + this.#below(12));
  }

  #token(): string {
    return this.#text(TOKEN, 1 + this.#below(10));
  }

  #quoted(): string {
    const inside = Array.from({ length: this.#below(8) }, () =>
      this.#chance(0.2) ? this.#pick(['\\"', '\\\\', '\\a']) : this.#pick(Array.from(UTF8)),
    );
    return `"${inside.join('')}"`;
  }

  #host(): string {
    return this.#pick([
      'example.com',
      'SIP.Example.COM',
      'a',
      '192.0.2.17',
      '[2001:db8::9:1]',
      '[::1]',
    ]);
  }

  #hostPort(): string {
    return this.#chance(0.5) ? this.#host() : `${this.#host()}:${1 + this.#below(65_535)}`;
  }

  #user(): string {
    const user = Array.from({ length: 1 + this.#below(8) }, () =>
      this.#chance(0.15)
        ? this.#pick(['%20', '%e3%82%ab', '%00', '%40', '%25', '%ff', '%3B'])
        : this.#text(USER, 1),
    ).join('');
    return this.#chance(0.1) ? `${user}:${this.#text('ab1&=+$,', this.#below(4))}` : user;
  }

  #uri(): string {
    const kind = this.#below(10);
    if (kind === 0) return `tel:+81-3-0000-${1000 + this.#below(9000)};phone-context=+81`;
    if (kind === 1)
      return this.#pick(['urn:service:sos', 'mailto:a@b.example', 'nobodyKnows:x;y=z']);
    const user = this.#chance(0.8) ? `${this.#user()}@` : '';
    const params = Array.from({ length: this.#below(3) }, () =>
      this.#pick([';lr', ';transport=tcp', ';user=phone', ';x=%41b', ';maddr=[::1]', ';ttl=1']),
    ).join('');
    const headers = this.#chance(0.1) ? '?Subject=a%20b&x=' : '';
    return `${this.#pick(['sip', 'sips', 'SIP'])}:${user}${this.#hostPort()}${params}${headers}`;
  }

  #bracketed(): string {
    const name = this.#pick([
      '',
      '',
      `${this.#quoted()}${this.#sws()}`,
      `${this.#token()} ${this.#token()} `,
    ]);
    return `${name}<${this.#uri()}>`;
  }

  #params(): string {
    return Array.from({ length: this.#below(3) }, () => {
      const value = this.#pick([this.#token(), this.#quoted(), '[::1]']);
      return this.#mark(';') + this.#token() + (this.#chance(0.7) ? this.#mark('=') + value : '');
    }).join('');
  }

  #address(hasTag: boolean): string {
    const tag = hasTag ? `${this.#mark(';')}tag${this.#mark('=')}${this.#token()}` : '';
    const address = this.#chance(0.15)
      ? `sip:${this.#text(WORDS, 3)}@${this.#hostPort()}`
      : this.#bracketed();
    return address + tag + this.#params();
  }

  #via(): string {
    const protocol = `SIP${this.#mark('/')}2.0${this.#mark('/')}${this.#pick(['UDP', 'TCP', 'udp', 'X'])}`;
    const port = this.#chance(0.5) ? `${this.#mark(':')}${1 + this.#below(65_535)}` : '';
    const branch = `${this.#mark(';')}branch=z9hG4bK${this.#token()}`;
    return `${protocol}${this.#lws()}${this.#host()}${port}${branch}${this.#params()}`;
  }

  #callId(): string {
    return (
      this.#text(`${TOKEN}()<>:\\"/[]?{}`, 1 + this.#below(12)) + this.#pick(['', '@192.0.2.1'])
    );
  }

  #extension(): string {
    const [names, value] = this.#pick([
      [['Supported', 'k'], 'timer, 100rel'],
      [['Session-Expires', 'x'], '300;refresher=uac'],
      [['Content-Type', 'c'], 'application/sdp'],
      [['Subject', 's'], this.#text(WORDS + UTF8, this.#below(20))],
      [['Expires'], String(this.#below(2 ** 32))],
      [['X-Own-Thing'], this.#text(UTF8, this.#below(20))],
      [['Require'], ''],
    ] as const);
    return this.#line(names, value);
  }

  #line(names: readonly string[], value: string): string {
    const name = this.#pick(names);
    const spelt = this.#pick([name, name, name.toLowerCase(), name.toUpperCase()]);
    const colon = this.#chance(0.8) ? ': ' : `${this.#pick(['', ' ', '\t '])}:${this.#sws()}`;
    return `${spelt}${colon}${value}\r\n`;
  }

  /** A list, all on one line or a line each. */
  #lists(names: readonly string[], item: () => string, atLeast: number): readonly string[] {
    const items = Array.from({ length: atLeast + this.#below(3) }, item);
    if (items.length === 0) return [];
    return this.#chance(0.5)
      ? [this.#line(names, items.join(this.#mark(',')))]
      : [items.map((one) => this.#line(names, one)).join('')];
  }

  #shuffled(items: readonly string[]): readonly string[] {
    const left = [...items];
    const out: string[] = [];
    while (left.length > 0) out.push(...left.splice(this.#below(left.length), 1));
    return out;
  }
}

const METHODS = [
  'INVITE',
  'ACK',
  'BYE',
  'CANCEL',
  'OPTIONS',
  'REGISTER',
  'PRACK',
  'UPDATE',
  'INFO',
];
const WORDS = 'abcxyz019';
const TOKEN = `ABCxyz019-.!%*_+\`'~`;
const USER = `ABCxyz019-_.!~*'()&=+$,;?/`;
const UTF8 = 'abc 019;,<>@:=カメラ盾é𠮷';
