import { z } from 'zod';

/** The most lamps of a box. */
export const LAMPS_MAX = 32;

const topic = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[^+#\0]+$/, 'must be a topic without + and #');

export const lampConfig = z.strictObject({
  /** What commands and logs call it. */
  name: z.string().regex(/^[a-z0-9-]{1,32}$/, 'must be 1 to 32 of a-z, 0-9, -'),
  /** How it is told: each kind has its own words. */
  kind: z.enum(['tasmota', 'zigbee2mqtt', 'patlite', 'home-assistant', 'raw']),
  /**
   * tasmota: `cmnd/<topic>`; zigbee2mqtt: `zigbee2mqtt/<name>`; patlite: the topic that the lamp
   * subscribes; home-assistant: the command topic of a light with the JSON schema; raw: gets ON and OFF.
   */
  topic,
});
export type LampConfig = z.infer<typeof lampConfig>;

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);

const isOutsideUrl = (broker: string): boolean => /^mqtts?:\/\/[^/\s]+\/?$/.test(broker);

/** The `[mqtt]` table and its `[[mqtt.lamp]]`s. */
export const mqttConfig = z
  .strictObject({
    /** `embedded`, or an outside broker: `mqtt://host:1883`, `mqtts://host:8883`. */
    broker: z
      .string()
      .refine((broker) => broker === 'embedded' || isOutsideUrl(broker), {
        message: 'must be "embedded", mqtt://host[:port] or mqtts://host[:port]',
      })
      .default('embedded'),
    /** Where the embedded broker listens; loopback until a user is configured. */
    host: z.string().min(1).default('127.0.0.1'),
    /** TCP port of the embedded broker. */
    port: z.int().min(1).max(65_535).default(1_883),
    /** Of the box at the broker; `tatebako-<box.id>` when absent. */
    clientId: z
      .string()
      .regex(/^[A-Za-z0-9_-]{1,64}$/)
      .optional(),
    /** The user of the outside broker; with the embedded one, the user that lamps log in as. */
    username: z.string().min(1).max(64).optional(),
    /** A file of mode 0600 with the user's password. */
    passwordFile: z.string().min(1).optional(),
    /** Whole telephone numbers in payloads; masked unless set. */
    fullNumbers: z.boolean().default(false),
    /** With MQTT 5: how long the box may be away before `availability` says so, seconds. */
    willDelayS: z.int().min(0).max(300).default(5),
    /** Whether Home Assistant is told of the box. */
    discovery: z.boolean().default(true),
    lamp: z.array(lampConfig).max(LAMPS_MAX).default([]),
  })
  .refine((mqtt) => (mqtt.username === undefined) === (mqtt.passwordFile === undefined), {
    message: 'must stand together with mqtt.username',
    path: ['passwordFile'],
  })
  .refine(
    (mqtt) => mqtt.broker !== 'embedded' || mqtt.username !== undefined || isLoopback(mqtt.host),
    { message: 'must be loopback until mqtt.username is set', path: ['host'] },
  )
  .refine((mqtt) => new Set(mqtt.lamp.map((lamp) => lamp.name)).size === mqtt.lamp.length, {
    message: 'must have different names',
    path: ['lamp'],
  });

export type MqttConfig = z.infer<typeof mqttConfig>;
