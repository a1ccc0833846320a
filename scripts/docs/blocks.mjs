// What each generated part of the documents is made of: a schema with the comments beside it, or a real message of the program.
import { join } from 'node:path';
import { z } from 'zod';
import { limitTables } from './limits.mjs';
import { configReference, fieldTable } from './schema-table.mjs';
import { alternativesOf, notesOf } from './source-notes.mjs';

/** What stands compiled for a source file. */
const compiled = (root, source) => import(join(root, 'dist', source.replace(/\.ts$/, '.js')));

async function schemaOf(root, source, name) {
  const { [name]: schema } = await compiled(root, source);
  if (schema === undefined) throw new Error(`${source} exports no ${name}`);
  return {
    schema: z.toJSONSchema(schema, { unrepresentable: 'any', io: 'input', reused: 'inline' }),
    notes: notesOf(join(root, source), name),
  };
}

const fields = (source, name) => async (root) => {
  const { schema, notes } = await schemaOf(root, source, name);
  return fieldTable(schema, notes);
};

/** One table for each kind of event. */
const kinds = (source, name) => async (root) => {
  const { schema } = await schemaOf(root, source, name);
  const path = join(root, source);
  const places = schema.oneOf ?? schema.anyOf;
  const parts = alternativesOf(path, name).map((alternative, i) => {
    const notes = notesOf(path, alternative);
    const kind = places[i].properties.kind.const;
    delete places[i].properties.kind;
    const said = notes.comments.get('') ?? '';
    return `${[`**\`${kind}\`**`, said].filter(Boolean).join(' ')}\n\n${fieldTable(places[i], notes)}`;
  });
  return parts.join('\n');
};

const json = (value) =>
  `\`\`\`json\n${typeof value === 'string' ? value : JSON.stringify(value)}\n\`\`\``;

const AT_MS = 1_793_062_800_000;
const HEAD = { id: '0192e1f0-7b1c-7c7e-9d7e-3f6a4a5f0c11', seq: 42, atMs: AT_MS };
const ALERT = {
  what: 'alert',
  ...HEAD,
  alertId: '0192e1f0-7b1b-7aa0-8d11-0d5e6a7b8c9d',
  callId: 'c0ffee0123456789',
  kind: 'raised',
  level: 3,
  type: 'threat',
  source: 'keyword',
  line: 'ご要望にはお応えできません。お電話を切らせていただきます',
  quote: '殺すぞ',
  by: null,
  via: null,
};
const CALL = {
  what: 'call',
  ...HEAD,
  seq: 41,
  callId: 'c0ffee0123456789',
  kind: 'answered',
  caller: { kind: 'number', number: '09000001234' },
  direction: 'incoming',
  extension: '201',
};

/** Messages as the box publishes them, made by the code that publishes them. */
async function mqttExamples(root) {
  const { encodeEvent } = await compiled(root, 'agent/mqtt/payloads.ts');
  const { maskNumber } = await compiled(root, 'agent/line/index.ts');
  const { heardReason } = await compiled(root, 'agent/policy/reason.ts');
  const options = { timeZone: 'Asia/Tokyo', maskNumber, fullNumbers: false };
  return `\`event/call\`:\n\n${json(encodeEvent(CALL, options))}\n\n\`event/alert\`, of an alert whose reason on the screen quotes the caller:\n\n${json(encodeEvent({ ...ALERT, ...heardReason('threat', '殺すぞ') }, options))}`;
}

export const blocks = {
  configuration: async (root) => {
    const { schema, notes } = await schemaOf(root, 'agent/config.ts', 'configSchema');
    return configReference(schema, notes);
  },
  limits: (root) => Promise.resolve(limitTables(root)),
  'call-record': fields('agent/call/call-record.ts', 'callRecordSchema'),
  status: fields('proto/box-json.ts', 'statusJson'),
  'alert-record': fields('agent/alert/alert.ts', 'alertRecord'),
  'watch-events': kinds('demo/view/events.ts', 'watchEvent'),
  'mqtt-examples': mqttExamples,
};
