#!/usr/bin/env node
// In the repository the TypeScript beside this file is run through the same transpile-only loader as cdk.json names;
// the published package holds the compiled program instead.
const { existsSync } = require('node:fs');
const { join } = require('node:path');

if (existsSync(join(__dirname, 'bidi.ts'))) {
  require('esbuild-register');
  require('./bidi.ts');
} else {
  require('../dist/bin/bidi.js');
}
