/** The tests of the constructs with the lowest versions of the peer dependencies; LOWEST_PEERS names the folder that holds them. */
module.exports = {
  ...require('../../jest.config'),
  rootDir: '../..',
  roots: ['<rootDir>/test/infra'],
  // The app is this repository's own and its tests spawn processes, which load the installed CDK. The examples make stacks without a
  // resource of their own, which aws-cdk-lib 2.268 refuses.
  testPathIgnorePatterns: ['/app\\.test\\.ts$', '/constructs-doc\\.test\\.ts$'],
  moduleNameMapper: { '^(aws-cdk-lib|constructs)($|/.*)': `${process.env.LOWEST_PEERS}/node_modules/$1$2` },
  testTimeout: 120_000,
};
