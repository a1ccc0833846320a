/**
 * The house's plan: which folder may import which. A new edge is one edit here, in its own commit, with its reason.
 * Paths are those of the sources; `node-mediastream` is the npm workspace agent/media.
 */
const mayImport = {
  base: [],
  proto: [],
  'firmware/hal': ['base'],
  'firmware/devices': ['base', 'firmware/hal'],
  'firmware/provisioning': ['base', 'firmware/hal'],
  'firmware/server': ['base', 'proto', 'firmware/devices'],
  'agent/media': [],
  'agent/sip': ['base'],
  'agent/line': ['base', 'agent/sip'],
  'agent/policy': ['base'],
  'agent/call': ['base', 'agent/sip', 'agent/media', 'agent/line'],
  'agent/store': ['base'],
  'agent/recorder': ['base', 'agent/media', 'agent/store'],
  'agent/evidence': ['base', 'agent/store', 'agent/recorder'],
  'agent/detector': ['base', 'agent/media'],
  'agent/alert': ['base', 'agent/store', 'agent/policy', 'agent/call', 'agent/detector'],
  'agent/mqtt': ['base', 'agent/alert'],
  'agent/notify': ['base', 'agent/alert'],
  'agent/device': ['base', 'agent/alert', 'proto'],
  'agent/console': ['base', 'agent/alert', 'agent/call', 'agent/recorder', 'agent/evidence'],
  'agent/control': ['base', 'agent/alert', 'proto'],
  // The wiring of the agent, four groups of rooms; only main.ts starts it (docs/adr/0003-wiring.md).
  'agent/wiring': [
    'base',
    'proto',
    'agent/config',
    'agent/media',
    'agent/sip',
    'agent/line',
    'agent/policy',
    'agent/call',
    'agent/store',
    'agent/recorder',
    'agent/evidence',
    'agent/detector',
    'agent/alert',
    'agent/mqtt',
    'agent/notify',
    'agent/device',
    'agent/console',
    'agent/control',
  ],
  // check-config and run start from the very files that wire the agent and the firmware.
  'agent/cli': [
    'base',
    'proto',
    'agent/evidence',
    'agent/detector',
    'agent/config',
    'agent/main',
    'agent/wiring/analyse',
    'firmware/main',
    'demo',
  ],
  // Our own gateway and phone, for the demonstration: the SIP core and the media library from the other side.
  demo: ['base', 'proto', 'agent/sip', 'agent/media'],
};

/** One home per library: nobody else imports it. */
const homeOf = {
  pino: 'base',
  'smol-toml': 'base',
  'classic-level': 'agent/store',
  'abstract-level': 'agent/store',
  'onnxruntime-node': 'agent/detector',
  mqtt: 'agent/mqtt',
  aedes: 'agent/mqtt',
  'sdp-transform': 'agent/sip',
  'rtp\\.js': 'agent/media',
};

const tests = '(\\.test\\.ts$|/testing/|^testing/|^agent/test/|^bench/)';
const rooms = '^(base|proto|agent|firmware|demo|testing|bench)/';

const layers = Object.entries(mayImport).map(([from, to]) => ({
  name: `${from} imports only [${to.join(', ')}]`,
  severity: 'error',
  from: { path: `^${from}/`, pathNot: tests },
  to: { path: rooms, pathNot: [from, ...to].map((place) => `^${place}(/|\\.ts$)`) },
}));

/** Nobody outside a module imports past its front door. */
const modules = Object.keys(mayImport).filter(
  (m) => !['proto', 'demo', 'agent/media', 'agent/wiring'].includes(m),
);
const frontDoors = modules.map((module) => ({
  name: `${module} is entered by its front door`,
  severity: 'error',
  from: { pathNot: `^${module}/|${tests}` },
  to: { path: `^${module}/`, pathNot: `^${module}/(index|config)\\.ts$` },
}));

const homes = Object.entries(homeOf).map(([library, home]) => ({
  name: `${library} lives in ${home}`,
  severity: 'error',
  from: { pathNot: `^${home}/|${tests}` },
  to: { path: `node_modules/${library}/` },
}));

module.exports = {
  forbidden: [
    ...layers,
    ...frontDoors,
    ...homes,
    { name: 'no cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no folder without a meaning',
      severity: 'error',
      from: {},
      to: { path: '/(util|utils|common|shared|misc|helpers)/', pathNot: 'node_modules' },
    },
    {
      name: 'tests are not imported by the product',
      severity: 'error',
      from: { pathNot: tests },
      to: { path: tests, pathNot: 'node_modules' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(/dist/|proto/gen/)' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.js', '.mjs'],
      conditionNames: ['types', 'import', 'node'],
    },
  },
};
