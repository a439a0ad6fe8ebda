#!/usr/bin/env node
// In the repository the TypeScript beside this file is run through the same transpile-only loader as cdk.json names;
// the published package holds the compiled program instead.
const { existsSync } = require('node:fs');
const { join } = require('node:path');

// The AWS SDK's advice to upgrade Node.js is for the maintainers of this program, not for its users.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';

if (existsSync(join(__dirname, 'bidi.ts'))) {
  // `import()` becomes a late `require`, as the compiler makes it in the published package.
  require('esbuild-register/dist/node').register({
    target: `node${process.version.slice(1)}`,
    supported: { 'dynamic-import': false },
  });
  require('./bidi.ts');
} else {
  require('../dist/bin/bidi.js');
}
