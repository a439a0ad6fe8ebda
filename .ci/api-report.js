// The public surface of every entry point, one report each in docs/api-report: a change of it is seen in review.
//   node .ci/api-report.js           fails where the surface and its report differ
//   node .ci/api-report.js --write   writes the reports
const { execFileSync } = require('node:child_process');
const { rmSync } = require('node:fs');
const { join, resolve } = require('node:path');
const { Extractor, ExtractorConfig } = require('@microsoft/api-extractor');

const ROOT = resolve(__dirname, '..');
const TYPES = join(ROOT, 'build/types');
const REPORTS = join(ROOT, 'docs/api-report');
const { exports: entries } = require('../package.json');

rmSync(TYPES, { recursive: true, force: true });
execFileSync(
  process.execPath,
  [require.resolve('typescript/bin/tsc'), '-p', 'tsconfig.build.json', '--emitDeclarationOnly', '--outDir', TYPES],
  { cwd: ROOT, stdio: 'inherit' },
);

const moved = [];
for (const [entry, { types }] of Object.entries(entries).filter(([, target]) => target.types)) {
  const name = entry === '.' ? 'index' : entry.slice(2);
  const extractorConfig = ExtractorConfig.prepare({
    configObject: {
      projectFolder: ROOT,
      mainEntryPointFilePath: types.replace('./dist', TYPES),
      compiler: { tsconfigFilePath: join(ROOT, 'tsconfig.build.json') },
      apiReport: {
        enabled: true,
        reportFolder: REPORTS,
        reportTempFolder: join(ROOT, 'build/api-report'),
        reportFileName: name,
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
    },
    configObjectFullPath: undefined,
    packageJsonFullPath: join(ROOT, 'package.json'),
  });
  const { apiReportChanged } = Extractor.invoke(extractorConfig, {
    localBuild: process.argv.includes('--write'),
    // The words of docstrings are typedoc's to judge (npm run docs:check); here only the surface counts.
    messageCallback: message => {
      message.logLevel = message.logLevel === 'error' ? 'error' : 'none';
      message.handled = message.logLevel === 'none';
    },
  });
  if (apiReportChanged) moved.push(`docs/api-report/${name}.api.md`);
}

if (moved.length > 0 && process.argv.includes('--write')) console.log(`Written: ${moved.join(', ')}`);
else if (moved.length > 0) {
  console.error(
    `The public surface moved: ${moved.join(', ')}.\nIf it should, run "npm run api:report" and commit what it writes.`,
  );
  process.exitCode = 1;
} else console.log('The public surface is what its reports say.');
