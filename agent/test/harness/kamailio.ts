import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { untilBound } from './bound.js';
import { Child, type Scope } from './child.js';
import { SIP_PORT, type Place } from './place.js';

/** The password of digest user `0003` at this gateway. */
export const GATEWAY_PASSWORD = 'hgw-0003-pass';

/**
 * A home gateway played by Kamailio: IP-phone extensions 3 to 7, digest users 0003 to 0007, and the outside line: what a
 * phone of the test sends to `sip:<extension>@<gateway>` reaches whoever registered as that extension.
 */
const configOf = (address: string, expiresS: number): string => `#!KAMAILIO
debug=1
log_stderror=yes
fork=yes
children=1
disable_tcp=yes
auto_aliases=no
alias="${address}:${SIP_PORT}"
listen=udp:${address}:${SIP_PORT}
${[
  'kex',
  'tm',
  'tmx',
  'sl',
  'rr',
  'pv',
  'maxfwd',
  'usrloc',
  'registrar',
  'textops',
  'siputils',
  'xlog',
  'auth',
]
  .map((name) => `loadmodule "${name}.so"`)
  .join('\n')}
modparam("registrar", "max_expires", ${expiresS})
modparam("auth", "nonce_expire", 60)
request_route {
  if (!mf_process_maxfwd_header("10")) { sl_send_reply("483", "Too Many Hops"); exit; }
  if (is_method("OPTIONS") && uri == myself) { sl_send_reply("200", "OK"); exit; }
  if (is_method("CANCEL")) { if (t_check_trans()) t_relay(); exit; }
  if (has_totag()) {
    if (loose_route()) { t_relay(); exit; }
    if (is_method("ACK")) { if (t_check_trans()) t_relay(); exit; }
    sl_send_reply("404", "Not Here"); exit;
  }
  t_check_trans();
  if (is_method("REGISTER")) {
    if (!pv_www_authenticate("$td", "hgw-$au-pass", "0")) {
      if ($au != $null) xlog("L_ERR", "REGISTER refused $au\\n");
      www_challenge("$td", "1"); exit;
    }
    if ($au != "000" + $tU) { sl_send_reply("403", "Forbidden"); exit; }
    save("location");
    xlog("L_ERR", "REGISTER accepted $au $ct\\n");
    exit;
  }
  if (is_method("INVITE")) record_route();
  if (!lookup("location")) { sl_send_reply("404", "Not Found"); exit; }
  t_relay();
}
`;

export class Kamailio {
  readonly #t: Scope;
  readonly #folder: string;
  readonly #address: string;
  #runs = 0;
  #child: Child | null = null;

  private constructor(t: Scope, folder: string, address: string) {
    this.#address = address;
    this.#t = t;
    this.#folder = folder;
  }

  /**
   * Starts it at the place's gateway address.
   * @param expiresS how long a registration lasts at most
   */
  static async start(t: Scope, place: Place, expiresS = 300): Promise<Kamailio> {
    const folder = join(place.folder, 'kamailio');
    await mkdir(folder);
    await writeFile(join(folder, 'kamailio.cfg'), configOf(place.gateway, expiresS));
    const gateway = new Kamailio(t, folder, place.gateway);
    await gateway.startAgain();
    return gateway;
  }

  async startAgain(): Promise<void> {
    // Each run in a folder of its own: the sockets of a killed one stay behind.
    const run = join(this.#folder, `run${(this.#runs += 1)}`);
    await mkdir(run);
    const argv = ['kamailio', '-f', join(this.#folder, 'kamailio.cfg'), '-DD', '-E'];
    const limits = ['-n', '1', '-m', '32', '-M', '8', '-Y', run];
    this.#child = new Child(this.#t, 'kamailio', [...argv, ...limits]);
    await untilBound(this.#child, { address: this.#address, port: SIP_PORT, transport: 'udp' });
  }

  /** Resolves when it has accepted so many REGISTERs since its last start. */
  async accepted(count = 1): Promise<void> {
    const isAccepted = (line: string): boolean => line.includes('REGISTER accepted');
    await this.#child?.lines.until('accepted REGISTER', isAccepted, { count, timeoutMs: 30_000 });
  }

  /** How many wrong passwords it has seen since its last start. */
  get refusals(): number {
    return this.#child?.lines.count((line) => line.includes('REGISTER refused')) ?? 0;
  }

  async refused(count = 1): Promise<void> {
    const isRefused = (line: string): boolean => line.includes('REGISTER refused');
    await this.#child?.lines.until('refused REGISTER', isRefused, { count, timeoutMs: 30_000 });
  }

  /** The gateway is switched off; its registrations are forgotten. */
  async stop(): Promise<void> {
    await this.#child?.end();
  }
}
