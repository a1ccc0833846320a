import { mkdir, mkdtemp, readdir, rm, rmdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomHex, type Random } from '../../base/index.js';
import type { Places } from './places.js';

export const BOX_ID = 'demo';
/** The box's extension at the gateway. */
export const LINE_USER = '3';
/** The simulated phone. */
export const PHONE = '201';
/** Kept free for a person's own softphone. */
export const OWN_PHONE = '202';

/** A box of its own in a temporary folder: configuration, secrets, data. */
export interface BoxFolder {
  /** Holds `call.wav` and the like; stays. */
  readonly root: string;
  readonly configFile: string;
  readonly agentSocket: string;
  readonly passwords: { readonly line: string; readonly phone: string; readonly ownPhone: string };
  /** Removes the box, its secrets and its data; and `root` too, unless something was kept there. */
  remove(): Promise<void>;
}

const PASSWORD_BYTES = 6;

export async function makeBoxFolder(places: Places, random: Random): Promise<BoxFolder> {
  // Short: a Unix socket's path has 104 bytes on some systems.
  const root = await mkdtemp(join(tmpdir(), 'tatebako-'));
  const box = join(root, 'box');
  await mkdir(join(box, 'secrets'), { recursive: true, mode: 0o700 });
  const password = (): string => randomHex(random, PASSWORD_BYTES);
  const passwords = { line: password(), phone: password(), ownPhone: password() };
  const secrets = [
    ['line', passwords.line],
    [`phone-${PHONE}`, passwords.phone],
    [`phone-${OWN_PHONE}`, passwords.ownPhone],
  ] as const;
  for (const [name, secret] of secrets) {
    await writeFile(join(box, 'secrets', name), `${secret}\n`, { mode: 0o600 });
  }
  const configFile = join(box, 'tatebako.toml');
  await writeFile(configFile, configuration(places), { mode: 0o600 });
  return {
    root,
    configFile,
    agentSocket: join(box, 'data', 'run', 'agent.sock'),
    passwords,
    async remove() {
      await rm(box, { recursive: true, force: true });
      if ((await readdir(root)).length === 0) await rmdir(root);
    },
  };
}

function configuration(places: Places): string {
  return `# The box of the demonstration: everything on this machine's loopback.
[box]
id = "${BOX_ID}"
name = "さくら商店"
timezone = "Asia/Tokyo"
language = "ja"
dataDirectory = "data"

[sip]
listenAddress = "${places.boxAddress}"
advertisedAddress = "${places.boxAddress}"
port = ${places.sipPort}

[rtp]
firstPort = ${places.rtpFirstPort}
lastPort = ${places.rtpLastPort}

[line]
profile = "hgw"
gatewayAddress = "${places.gatewayAddress}"
gatewayPort = ${places.gatewayPort}
register = true
user = "${LINE_USER}"
authUser = "${LINE_USER}"
passwordFile = "secrets/line"
callsMax = 2

[[phone]]
extension = "${PHONE}"
name = "カウンター"
passwordFile = "secrets/phone-${PHONE}"

[[phone]]
extension = "${OWN_PHONE}"
name = "あなたの電話"
passwordFile = "secrets/phone-${OWN_PHONE}"

[recording]
ordinaryDays = 30
incidentDays = 1825

[detector]
enabled = true

[mqtt]
broker = "embedded"
port = ${places.mqttPort}

[firmware]
socket = "run/firmware.sock"
`;
}
