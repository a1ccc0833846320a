import { z } from 'zod';
import { silentLog, systemClock, systemRandom } from '../../../base/index.js';
import { AlertService } from '../../alert/index.js';
import { MemoryTable } from '../../alert/testing/memory-table.js';
import { DEFAULT_POLICY, testDecision, type Decision } from '../../policy/index.js';
import { mqttConfig, type MqttConfig } from '../mqtt-config.js';
import { MqttSink } from '../mqtt-sink.js';

export const THREAT: Decision = {
  do: 'raise',
  level: 3,
  type: 'threat',
  source: 'keyword',
  reason: '「殺すぞ」と聞こえました（脅迫）',
  reasonUnquoted: '脅迫にあたる言葉が聞こえました',
  quote: '殺すぞ',
  line: 'ご要望にはお応えできません',
  atMs: 0,
};

export const CALL = {
  callId: 'c1',
  kind: 'ringing',
  caller: { kind: 'number', number: '09000005678' },
} as const;

export interface BoxOnMqtt {
  readonly alerts: AlertService;
  readonly sink: MqttSink;
  readonly table: MemoryTable;
  close(): Promise<void>;
}

/** An alert service with its sink on MQTT, on the machine's clock. `port` 0 of the config: any free one. */
export async function openBox(
  config: Partial<MqttConfig>,
  options: { readonly table?: MemoryTable; readonly password?: string } = {},
): Promise<BoxOnMqtt> {
  const { table = new MemoryTable(), password } = options;
  const alerts = await AlertService.open({
    table,
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
    overdueAfterMs: [30_000, 60_000],
  });
  const sink = await MqttSink.open({
    config: { ...mqttConfig.parse({}), port: 0, ...config },
    box: { id: 'sakura', name: 'さくら商店', timezone: 'Asia/Tokyo' },
    ...(password === undefined ? {} : { password }),
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
    alerts,
    testAlarm: (level) => alerts.raise(testDecision(DEFAULT_POLICY, level, 0), { callId: null }),
    health: () => ({ load1: 0.5 }),
    maskNumber: (number) => `${number.slice(0, 3)}-****-${number.slice(-4)}`,
  });
  const close = async (): Promise<void> => {
    await sink.close();
    await alerts.close();
  };
  return { alerts, sink, table, close };
}

const numbered = z.object({ id: z.string(), seq: z.number() });
/** @returns the id and number of an event's payload */
export const numberOf = (payload: string): { readonly id: string; readonly seq: number } =>
  numbered.parse(JSON.parse(payload));
