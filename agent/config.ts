/** The whole configuration: each module's own table joined, read once, secrets and all. */
import { isIP } from 'node:net';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import {
  ConfigError,
  readConfigFile,
  readSecretFile,
  validateConfig,
  type ConfigProblem,
} from '../base/index.js';
import { callConfig } from './call/index.js';
import { checkPhrase, PHRASES_MAX, type Phrase } from './detector/index.js';
import { lineConfig, resolveLine, type Line } from './line/index.js';
import { mqttConfig } from './mqtt/index.js';
import { policyConfig } from './policy/index.js';

const ipAddress = z.string().refine((text) => isIP(text) !== 0, 'must be an IP address');
const timeZone = z.string().refine((name) => {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}, 'must be a time zone of the IANA list, such as Asia/Tokyo');

const boxConfig = z.strictObject({
  /** In topics, host name, evidence. */
  id: z.string().regex(/^[a-z0-9-]{1,32}$/, 'must be 1 to 32 of a-z, 0-9, -'),
  /** As people know the shop. */
  name: z.string().min(1).max(64),
  /** Of the times that people and receivers see. */
  timezone: timeZone.default('Asia/Tokyo'),
  /** Of the phones' displays and of what the command prints. */
  language: z.enum(['ja', 'en']).default('ja'),
  /** Where store, recordings and sockets stand; relative to the file. */
  dataDirectory: z.string().min(1).default('data'),
});

const sipConfig = z.strictObject({
  /** Of SIP and RTP; `0.0.0.0`: every address of the machine. */
  listenAddress: ipAddress.default('0.0.0.0'),
  /** Stands in Via, Contact and SDP: the address by which gateway and phones reach the box. */
  advertisedAddress: ipAddress,
  /** UDP and TCP. */
  port: z.int().min(1).max(65_535).default(5_060),
});

const evenPort = z
  .int()
  .min(1_024)
  .max(65_534)
  .refine((port) => port % 2 === 0, 'must be even, since RTCP takes the next (RFC 3550 §11)');

const rtpConfig = z
  .strictObject({
    /** Of the UDP ports for audio. */
    firstPort: evenPort.default(16_384),
    /** Each leg of a call takes two ports, RTP and RTCP. */
    lastPort: z.int().min(1_025).max(65_535).default(16_483),
  })
  .refine(({ firstPort, lastPort }) => lastPort - firstPort >= 15, {
    path: ['lastPort'],
    message: 'must be at least 15 above firstPort: four calls need 16 ports',
  });

const phoneConfig = z.strictObject({
  /** The user under which the phone registers, and the number by which others call it. */
  extension: z.string().regex(/^[1-9]\d{1,4}$/, 'must be 2 to 5 digits, not beginning with 0'),
  /** As other phones and the call log show it. */
  name: z.string().min(1).max(64),
  /** A file of mode 0600 with the digest password. */
  passwordFile: z.string().min(1),
});

const keywordConfig = z.strictObject({
  /** The phrase as people write it; shown when it was heard. */
  text: z.string().min(1).max(64),
  /** Kana; needed unless the text is kana itself. */
  reading: z.string().min(1).max(64).optional(),
  /** The type of behaviour that it speaks of. */
  category: z.enum([
    'detention',
    'repeat',
    'verbalAbuse',
    'announcedViolence',
    'threat',
    'authority',
    'offPremises',
    'socialMedia',
    'sexual',
    'excessiveDemand',
  ]),
  /** 1 caution, 2 warning, 3 emergency; the policy may lower it. */
  level: z.union([z.literal(1), z.literal(2), z.literal(3)]),
});

export const configSchema = z.strictObject({
  box: boxConfig,
  sip: sipConfig,
  rtp: rtpConfig.prefault({}),
  line: lineConfig,
  /** The shop's phones; they register at the box. */
  phone: z.array(phoneConfig).max(32).default([]),
  call: callConfig.prefault({}),
  announcement: z
    .strictObject({
      /** Any WAV of at most 6 s; the built-in Japanese one when absent. */
      file: z.string().min(1).optional(),
      /** Read now; every caller hears the announcement until the list of allowed callers comes. */
      skipForAllowed: z.boolean().default(true),
    })
    .prefault({}),
  /** How long recordings are kept. Read now; nothing is deleted until retention comes. */
  recording: z
    .strictObject({
      /** Calls without an alert. */
      ordinaryDays: z.int().min(1).max(3_650).default(30),
      /** Calls with one. */
      incidentDays: z.int().min(1).max(36_500).default(1_825),
    })
    .prefault({}),
  detector: z
    .strictObject({
      /** `false`: calls are announced and recorded, and nobody listens. */
      enabled: z.boolean().default(true),
      /** The models of this build when absent. */
      modelsDirectory: z.string().min(1).optional(),
    })
    .prefault({}),
  policy: policyConfig.prefault({}),
  /** The shop's own phrases, listened for beside the built-in ones (`models/phrases.tsv`). */
  keyword: z.array(keywordConfig).max(PHRASES_MAX).default([]),
  mqtt: mqttConfig.prefault({}),
  firmware: z
    .strictObject({
      /** Of the hardware daemon; relative to the data directory. */
      socket: z.string().min(1).default('run/firmware.sock'),
    })
    .prefault({}),
  /** Read now so that a file written for the whole product is accepted; served by the console when it comes. */
  console: z
    .strictObject({
      listenAddress: ipAddress.default('0.0.0.0'),
      port: z.int().min(1).max(65_535).default(8_443),
      tls: z.enum(['self-signed', 'files', 'acme', 'off']).default('self-signed'),
    })
    .optional(),
  /** The installer's console on a serial line. Read now; nothing is opened until it comes. */
  serial: z
    .strictObject({
      device: z.string().min(1),
      baudRate: z.int().min(1_200).max(4_000_000).default(115_200),
    })
    .optional(),
});

type ConfigTables = z.output<typeof configSchema>;

/** The configuration as the program uses it: absolute paths, secrets read. */
export interface Config extends Omit<ConfigTables, 'line' | 'phone' | 'keyword'> {
  readonly file: string;
  readonly dataDirectory: string;
  readonly line: Line;
  readonly linePassword: string | null;
  readonly phones: readonly {
    readonly extension: string;
    readonly name: string;
    readonly password: string;
  }[];
  readonly announcementFile: string | null;
  readonly modelsDirectory: string;
  readonly keywords: readonly Phrase[];
  readonly mqttPassword: string | null;
  readonly firmwareSocket: string;
  readonly agentSocket: string;
}

/** The models that come with this build. */
const OWN_MODELS = fileURLToPath(new URL('../../models', import.meta.url));

/**
 * Reads and checks a configuration with everything it points to.
 * @throws {ConfigError} with every problem at once
 */
export function loadConfig(file: string): Config {
  const path = resolve(file);
  return completeConfig(path, readConfigFile(path, configSchema));
}

/** The same for tables that did not come from a file; paths are relative to `file`. */
export function configOf(file: string, tables: unknown): Config {
  return completeConfig(file, validateConfig(file, tables, configSchema));
}

function completeConfig(file: string, tables: ConfigTables): Config {
  const problems: ConfigProblem[] = [];
  const from = (path: string): string => resolve(dirname(file), path);
  const secret = (path: string | null | undefined, key: string): string | null => {
    if (path === null || path === undefined) return null;
    const secretFile = readSecretFile(from(path));
    if ('secret' in secretFile) return secretFile.secret;
    const { expected, found } = secretFile;
    problems.push({ file, path: key, expected, found: `${path}: ${found}` });
    return null;
  };
  const line = resolveLine(tables.line);
  const phones = tables.phone.map(({ extension, name, passwordFile }, i) => ({
    extension,
    name,
    password: secret(passwordFile, `phone[${i}].passwordFile`) ?? '',
  }));
  const { keywords, wrong } = keywordsIn(file, tables);
  problems.push(...clashes(file, tables), ...wrong);
  const linePassword = secret(line.passwordFile, 'line.passwordFile');
  if (line.register && line.passwordFile === null) {
    const expected = 'a file with the password, since the box registers at the gateway';
    problems.push({ file, path: 'line.passwordFile', expected, found: 'nothing' });
  }
  const mqttPassword = secret(tables.mqtt.passwordFile, 'mqtt.passwordFile');
  if (problems.length > 0) throw new ConfigError(problems);
  const dataDirectory = from(tables.box.dataDirectory);
  return {
    ...tables,
    file,
    dataDirectory,
    line,
    linePassword,
    phones,
    announcementFile:
      tables.announcement.file === undefined ? null : from(tables.announcement.file),
    modelsDirectory: modelsIn(tables.detector.modelsDirectory, from),
    keywords,
    mqttPassword,
    firmwareSocket: resolve(dataDirectory, tables.firmware.socket),
    agentSocket: resolve(dataDirectory, 'run/agent.sock'),
  };
}

function modelsIn(configured: string | undefined, from: (path: string) => string): string {
  return configured === undefined ? OWN_MODELS : from(configured);
}

function clashes(file: string, tables: ConfigTables): readonly ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const seen = new Set<string>();
  for (const [i, { extension }] of tables.phone.entries()) {
    if (seen.has(extension)) {
      const expected = 'an extension that no other phone has';
      problems.push({
        file,
        path: `phone[${i}].extension`,
        expected,
        found: JSON.stringify(extension),
      });
    }
    seen.add(extension);
  }
  const { sip, rtp } = tables;
  if (sip.port >= rtp.firstPort && sip.port <= rtp.lastPort) {
    const expected = `a port outside rtp.firstPort…rtp.lastPort (${rtp.firstPort}…${rtp.lastPort})`;
    problems.push({ file, path: 'sip.port', expected, found: String(sip.port) });
  }
  return problems;
}

function keywordsIn(
  file: string,
  tables: ConfigTables,
): { readonly keywords: readonly Phrase[]; readonly wrong: readonly ConfigProblem[] } {
  const keywords: Phrase[] = [];
  const wrong: ConfigProblem[] = [];
  for (const [i, keyword] of tables.keyword.entries()) {
    const checked = checkPhrase({ ...keyword, reading: keyword.reading ?? keyword.text });
    if ('text' in checked) keywords.push(checked);
    else wrong.push({ file, path: `keyword[${i}]`, ...checked });
  }
  return { keywords, wrong };
}
