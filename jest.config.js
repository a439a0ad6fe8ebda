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
        jsc: { parser: { syntax: 'typescript' }, target: 'es2022', keepClassNames: true },
        module: { type: 'commonjs' },
        sourceMaps: 'inline',
      },
    ],
  },
  // Beside the program stands its launcher of the same name, which Jest would find first.
  moduleNameMapper: { '/bin/bidi$': '<rootDir>/bin/bidi.ts' },
  testTimeout: 20_000,
};
