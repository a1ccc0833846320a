export default {
  files: ['dist/**/*.test.js', 'agent/media/dist/**/*.test.js', '!dist/agent/test/peers/**'],
  nodeArguments: ['--enable-source-maps'],
  timeout: '60s',
  concurrency: 2,
};
