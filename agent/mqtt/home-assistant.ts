import type { Topics } from './payloads.js';

/** Where Home Assistant says that it started: devices announce themselves again. */
export const HOME_ASSISTANT_STATUS = 'homeassistant/status';

export const discoveryTopic = (boxId: string): string =>
  `homeassistant/device/tatebako_${boxId}/config`;

/** One device with its entities: Home Assistant's MQTT device discovery. */
export function discoveryPayload(box: { id: string; name: string }, topics: Topics): string {
  const unique = (key: string) => ({ unique_id: `tatebako_${box.id}_${key}` });
  const request = (rest: string): string =>
    `{"id":"ha-{{ now().timestamp() }}","at":"{{ now().isoformat() }}"${rest}}`;
  return JSON.stringify({
    dev: { ids: [`tatebako_${box.id}`], name: box.name, mf: 'Tatebako', mdl: 'Tatebako' },
    o: { name: 'Tatebako' },
    availability_topic: topics.availability,
    cmps: {
      alert_level: {
        p: 'sensor',
        ...unique('alert_level'),
        name: 'Alert level',
        state_topic: topics.level,
        icon: 'mdi:alarm-light',
      },
      alert: {
        p: 'binary_sensor',
        ...unique('alert'),
        name: 'Alert',
        device_class: 'safety',
        state_topic: topics.level,
        value_template: "{{ 'ON' if value | int > 0 else 'OFF' }}",
      },
      calls_active: {
        p: 'sensor',
        ...unique('calls_active'),
        name: 'Calls',
        state_topic: topics.state,
        value_template: '{{ value_json.callsActive }}',
      },
      line: {
        p: 'sensor',
        ...unique('line'),
        name: 'Line',
        state_topic: topics.state,
        value_template: '{{ value_json.line }}',
      },
      acknowledge: {
        p: 'button',
        ...unique('acknowledge'),
        name: 'Acknowledge',
        command_topic: topics.command('acknowledge'),
        command_template: request(',"by":"Home Assistant"'),
        qos: 1,
      },
      test_alarm: {
        p: 'button',
        ...unique('test_alarm'),
        name: 'Test alarm',
        command_topic: topics.command('testAlarm'),
        command_template: request(''),
        qos: 1,
      },
    },
  });
}
