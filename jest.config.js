const { availableParallelism } = require('node:os');

// The AWS SDK's advice to upgrade Node.js says nothing about the test that happens to load it first.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';

// The CDK's own template validation takes four seconds to start in each file that synthesizes; test/infra/nag.test.ts turns it on.
process.env.CDK_VALIDATION = 'false';

/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  // Runs by a script of its own: npm run test:package.
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/test/package/'],
  transform: {
    // Transpile only: types are checked by `npm run typecheck`.
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          parser: { syntax: 'typescript', decorators: true },
          transform: { decoratorVersion: '2022-03' },
          target: 'es2022',
          keepClassNames: true,
        },
        module: { type: 'commonjs' },
        sourceMaps: 'inline',
      },
    ],
  },
  // Reported by `npm run coverage`, never a goal: what only another process runs (commands, containers) does not count here.
  coverageProvider: 'v8',
  collectCoverageFrom: ['lib/**/*.ts', 'bin/**/*.ts'],
  coverageReporters: ['text-summary', 'html', 'lcov'],
  // Ends what hangs; nothing is judged by it, so a test may take its time on a busy machine.
  testTimeout: 60_000,
  // Many tests wait for sockets and processes more than they compute, so two cores carry four workers.
  maxWorkers: Math.max(4, availableParallelism() - 1),
};
