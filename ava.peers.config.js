// Real peers share ports and cores: one file at a time per core, one test after the other in it.
export default {
  files: ['dist/agent/test/peers/**/*.peer.test.js'],
  nodeArguments: ['--enable-source-maps'],
  timeout: '120s',
  concurrency: 2,
  serial: true,
};
