// Sets up the real peers that the tests talk to: Debian packages, without starting any service.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The program that a test looks for, and the Debian package that brings it. */
export const peers = [
  { program: 'sipp', package: 'sip-tester' },
  { program: 'baresip', package: 'baresip-core' },
  { program: 'kamailio', package: 'kamailio' },
  { program: 'linphonec', package: 'linphone-cli' },
  { program: 'tshark', package: 'tshark' },
  { program: 'sox', package: 'sox' },
  { program: 'mosquitto', package: 'mosquitto' },
  { program: 'mosquitto_sub', package: 'mosquitto-clients' },
  { program: 'socat', package: 'socat' },
];

const places = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];
const isThere = (program) =>
  [...places, ...(process.env.PATH ?? '').split(':')].some((place) =>
    existsSync(`${place}/${program}`),
  );

const isDebian = () =>
  existsSync('/etc/os-release') &&
  /\b(debian|ubuntu)\b/i.test(readFileSync('/etc/os-release', 'utf8'));
const policy = '/usr/sbin/policy-rc.d';

function install(packages) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const apt = (...args) =>
    spawnSync('apt-get', ['-qq', '-o', 'Acquire::Retries=3', ...args], {
      env,
      stdio: ['ignore', 'ignore', 'inherit'],
      timeout: 600_000,
    });
  // A policy of the system's own stays as it is.
  const ours = !existsSync(policy);
  if (ours) writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    apt('update');
    apt('install', '-y', '--no-install-recommends', ...packages);
  } finally {
    if (ours) rmSync(policy, { force: true });
  }
}

/** Installs what is missing where it may. @returns the programs that are still missing */
export function setUpPeers(extra = []) {
  const wanted = [...peers, ...extra];
  const missing = wanted.filter(({ program }) => !isThere(program));
  if (missing.length === 0) return [];
  const names = missing.map((peer) => peer.package).join(' ');
  if (process.getuid?.() !== 0 || !isDebian()) {
    process.stderr.write(`peers: cannot install ${names}: that needs root on Debian or Ubuntu\n`);
  } else {
    process.stderr.write(`peers: installing ${names} (apt-get, a minute or two) …\n`);
    install(missing.map((peer) => peer.package));
  }
  return wanted.map(({ program }) => program).filter((program) => !isThere(program));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const missing = setUpPeers();
  process.stdout.write(
    missing.length === 0 ? 'peers: all there\n' : `peers: missing ${missing.join(' ')}\n`,
  );
  process.exitCode = missing.length === 0 ? 0 : 69;
}
