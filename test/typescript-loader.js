/**
 * Runs TypeScript in the processes that tests start, as esbuild-register does elsewhere in the repository, but transpiles each file once for
 * all of them: a hundred commands and containers start in a run of the tests, and each would otherwise start esbuild and transpile again.
 *
 *   node --require <this file> bin/bidi.ts
 */
const { createHash } = require('node:crypto');
const { mkdirSync, readFileSync, renameSync, writeFileSync } = require('node:fs');
const { basename, join } = require('node:path');

const CACHE = join(__dirname, '..', 'node_modules', '.cache', 'typescript-loader');
const OPTIONS = {
  loader: 'ts',
  format: 'cjs',
  target: `node${process.versions.node}`,
  // `import()` becomes a late `require`, as in bin/bidi.js.
  supported: { 'dynamic-import': false },
};

function transpiled(file) {
  const source = readFileSync(file, 'utf8');
  const stamp = `//${createHash('sha256').update(JSON.stringify(OPTIONS)).update(source).digest('hex')}\n`;
  const cached = join(CACHE, `${basename(file)}-${createHash('sha256').update(file).digest('hex').slice(0, 16)}.js`);
  try {
    const text = readFileSync(cached, 'utf8');
    if (text.endsWith(stamp)) return text;
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
  const { code } = require('esbuild').transformSync(source, { ...OPTIONS, sourcefile: file });
  mkdirSync(CACHE, { recursive: true });
  // Several processes may write the same file at once; each of them puts a whole one in its place.
  const text = `${code}${stamp}`;
  writeFileSync(`${cached}.${process.pid}`, text);
  renameSync(`${cached}.${process.pid}`, cached);
  return text;
}

// What bin/bidi.js sets.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';

require.extensions['.ts'] = (module, file) => module._compile(transpiled(file), file);
