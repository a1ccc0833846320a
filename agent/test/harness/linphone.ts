import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sine, writeAudio } from './audio.js';
import { phonePassword } from './box.js';
import { Child, type Scope } from './child.js';
import { SIP_PORT, type Place } from './place.js';

/** Long enough for any test. */
const SPEECH_MS = 40_000;

export interface LinphoneOptions {
  readonly extension: string;
  /** A tone that it says all the time, Hz. */
  readonly says: number;
}

/**
 * linphonec as a phone of the shop: it registers with digest, picks up by itself, and plays a file instead of a microphone.
 * It binds to every address and names the one by which the kernel reaches the box, 127.0.0.1.
 */
export async function startLinphone(
  t: Scope,
  place: Place,
  { extension, says }: LinphoneOptions,
): Promise<Child> {
  const home = join(place.folder, `linphone-${extension}`);
  // Without this folder it cannot open its database, and never registers.
  await mkdir(join(home, '.local', 'share', 'linphone'), { recursive: true });
  const sound = await writeAudio(join(home, 'says.wav'), sine(says, SPEECH_MS));
  const config = join(home, 'linphonerc');
  await writeFile(config, configOf(extension, place));
  const child = new Child(t, `linphone ${extension}`, ['linphonec', '-a', '-c', config], {
    env: { HOME: home },
  });
  child.write(`soundcard use files\nplay ${sound}\n`);
  return child;
}

/** It rewrites the file; the ports are the last of the place's range, which baresip takes from its beginning. */
function configOf(extension: string, place: Place): string {
  const [, last = ''] = place.baresipPorts.split('-');
  const rtpPort = Math.floor((Number(last) - 4) / 2) * 2;
  return `[sip]
sip_port=${rtpPort - 2}
sip_tcp_port=${rtpPort - 2}
sip_tls_port=0
use_ipv6=0
default_proxy=0

[rtp]
audio_rtp_port=${rtpPort}

[proxy_0]
reg_proxy=<sip:${place.box}:${SIP_PORT};transport=udp>
reg_identity=sip:${extension}@${place.box}
reg_expires=60
reg_sendregister=1

[auth_info_0]
username=${extension}
passwd=${phonePassword(extension)}
realm=tatebako
`;
}
