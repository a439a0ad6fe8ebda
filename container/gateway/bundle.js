/** Bundles what the image runs, into dist/gateway.js: the image installs no package and needs no registry but its base's. */
const { existsSync, readdirSync, renameSync, statSync } = require('node:fs');
const { join, resolve } = require('node:path');

const ROOT = resolve(__dirname, '../..');
const BUNDLE = join(__dirname, 'dist', 'gateway.js');

/** What the bundle is made of. */
const SOURCES = ['bin', 'lib', 'package-lock.json', 'container/gateway/src', 'container/gateway/bundle.js'];

/** Clients behind `--stack`, which the image does not take. */
const CONTROL_PLANE = [
  'application-auto-scaling',
  'cloudformation',
  'cloudwatch-logs',
  'ecr',
  'sagemaker',
  'service-quotas',
  'sts',
];

/** Every synthesis of the repository's app comes by here, and few of them have changed anything. */
function isCurrent() {
  if (!existsSync(BUNDLE)) return false;
  const { mtimeMs } = statSync(BUNDLE);
  const sources = SOURCES.map(source => join(ROOT, source)).filter(existsSync);
  const files = sources.flatMap(source =>
    statSync(source).isFile() ? source : readdirSync(source, { recursive: true }).map(file => join(source, file)),
  );
  return files.every(file => statSync(file).mtimeMs < mtimeMs);
}

function bundle() {
  // Several syntheses may run at a time: each reads a whole file.
  const temporary = `${BUNDLE}.${process.pid}`;
  require('esbuild').buildSync({
    absWorkingDir: __dirname,
    entryPoints: ['src/gateway.ts'],
    bundle: true,
    platform: 'node',
    target: 'node20',
    minifySyntax: true,
    minifyWhitespace: true,
    external: CONTROL_PLANE.map(name => `@aws-sdk/client-${name}`),
    outfile: temporary,
    logLevel: 'error',
  });
  renameSync(temporary, BUNDLE);
}

if (!isCurrent()) bundle();
