/** The packed package, installed into an empty project. Apart from `npm test`, because it compiles and installs. */
module.exports = {
  ...require('../../jest.config'),
  rootDir: '../..',
  roots: ['<rootDir>/test/package'],
  testPathIgnorePatterns: [],
  testTimeout: 240_000,
};
