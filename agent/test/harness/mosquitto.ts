import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Child, type Scope } from './child.js';
import type { Place } from './place.js';

const PORT = 1_884;

/** A mosquitto of the test's own, on the gateway's address. */
export async function startMosquitto(t: Scope, place: Place): Promise<string> {
  const folder = join(place.folder, 'mosquitto');
  await mkdir(folder);
  const config = join(folder, 'mosquitto.conf');
  const lines = [`listener ${PORT} ${place.gateway}`, 'allow_anonymous true', 'persistence false'];
  // Nagle's algorithm off, or each small message waits 40 ms.
  await writeFile(config, [...lines, 'set_tcp_nodelay true', ''].join('\n'));
  const child = new Child(t, 'mosquitto', ['mosquitto', '-v', '-c', config]);
  await child.lines.until('start', (line) => line.includes('running'));
  return `mqtt://${place.gateway}:${PORT}`;
}

/** A lamp that knows MQTT: mosquitto's own client, printing what it is told, `topic payload` a line. */
export function startLamp(t: Scope, brokerUrl: string, topic: string): Child {
  const { hostname, port } = new URL(brokerUrl);
  const at = ['-h', hostname, '-p', port === '' ? '1883' : port, '-q', '1'];
  return new Child(t, 'mosquitto_sub', ['mosquitto_sub', ...at, '-v', '-t', topic]);
}

/** Sends one message with mosquitto's own client. */
export async function publish(
  t: Scope,
  brokerUrl: string,
  topic: string,
  payload: string,
): Promise<void> {
  const { hostname, port } = new URL(brokerUrl);
  const at = ['-h', hostname, '-p', port === '' ? '1883' : port, '-q', '1'];
  await new Child(t, 'mosquitto_pub', ['mosquitto_pub', ...at, '-t', topic, '-m', payload]).exit();
}
