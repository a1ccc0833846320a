import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';
import { messageOf } from '../base/index.js';
import { BOX_ID, OWN_PHONE } from './stage/box-folder.js';
import type { Stage } from './stage/stage.js';
import type { Screen } from './view/index.js';

const COMMAND = fileURLToPath(new URL('../../bin/tatebako.mjs', import.meta.url));
const CALLS_WAIT_MS = 15_000;

/** Shows what `tatebako calls` shows, by running it. */
export async function printCalls(stage: Stage, screen: Screen): Promise<void> {
  const words = ['calls', '--config', stage.folder.configFile];
  screen.say('\n$ tatebako calls');
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [COMMAND, ...words], {
      timeout: CALLS_WAIT_MS,
    });
    screen.say(stdout.trimEnd());
  } catch (cause) {
    screen.say(messageOf(cause));
  }
}

/** @returns how to reach the box that stays open */
export function describeBox({ places, folder }: Stage): readonly string[] {
  const { boxAddress, sipPort, mqttPort } = places;
  const config = folder.configFile;
  return [
    '',
    'この箱は Ctrl-C まで動いています。 The box stays open until Ctrl-C.',
    `  MQTT      mqtt://127.0.0.1:${mqttPort}  トピック topics: tatebako/${BOX_ID}/#`,
    `            mosquitto_sub -p ${mqttPort} -v -t 'tatebako/${BOX_ID}/#'`,
    `  SIP       ${boxAddress}:${sipPort} (UDP/TCP)`,
    `  ソフトフォン softphone: 内線 extension ${OWN_PHONE}, パスワード password ${folder.passwords.ownPhone}`,
    '            設定の手順 how to: docs/first-real-phone.md',
    `  状態      node bin/tatebako.mjs status --config ${config}`,
    '  [c] もう一度電話をかける call again   [a] 警報を確認 acknowledge   [q] 終わる quit',
  ];
}
