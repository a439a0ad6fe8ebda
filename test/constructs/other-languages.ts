import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CONSTRUCTS_FOLDER } from '../../bin/constructs-package/lay-out';
import { onPath, run } from '../interop/processes';
import { NotAvailableError, type Scorecard } from '../interop/scorecard';

/** Where jsii's targets are for these languages: nothing is published in them, so the package does not name them. */
const TARGETS = {
  java: {
    package: 'io.github.sagemakerbidikit.constructs',
    maven: { groupId: 'io.github.sagemaker-bidi-kit', artifactId: 'sagemaker-bidi-constructs' },
  },
  dotnet: { namespace: 'SagemakerBidiKit.Constructs', packageId: 'SagemakerBidiKit.Constructs' },
  go: { moduleName: 'github.com/sagemaker-bidi-kit/sagemaker-bidi-constructs-go', packageName: 'bidiconstructs' },
};

const CDK_FOR_GO = 'github.com/aws/aws-cdk-go/awscdk/v2';
const CDK_FOR_JAVA = 'software.amazon.awscdk:aws-cdk-lib';
const COMPILE_TIMEOUT_MS = 20 * 60_000;

/** Compiles the constructs for the languages in which jsii writes them and no package of them is published. */
export async function compileOtherLanguages(scorecard: Scorecard): Promise<void> {
  await scorecard.check('the constructs compile for Go', compileGo);
  await scorecard.check('the constructs compile for Java', compileJava);
  await scorecard.check('the constructs compile for .NET', compileDotnet);
}

/** Writes the sources of a language; with its tools jsii compiles them too. */
async function generate(target: keyof typeof TARGETS, ...words: readonly string[]): Promise<string> {
  const file = join(CONSTRUCTS_FOLDER, '.jsii');
  const assembly = JSON.parse(readFileSync(file, 'utf8'));
  const folder = join(CONSTRUCTS_FOLDER, 'other-languages');
  mkdirSync(folder, { recursive: true });
  const published = JSON.stringify(assembly, null, 2);
  writeFileSync(file, JSON.stringify({ ...assembly, targets: { ...assembly.targets, ...TARGETS } }, null, 2));
  try {
    const options = ['--target', target, '--outdir', folder, '--no-fingerprint', ...words];
    await run(process.execPath, [require.resolve('jsii-pacmak/bin/jsii-pacmak'), ...options], {
      cwd: CONSTRUCTS_FOLDER,
      timeoutMs: COMPILE_TIMEOUT_MS,
    });
  } finally {
    writeFileSync(file, published);
  }
  return join(folder, target);
}

async function compileGo(): Promise<void> {
  const go = onPath('go');
  if (!go) throw new NotAvailableError('needs Go');
  const cwd = join(await generate('go', '--code-only'), TARGETS.go.packageName);
  const options = { cwd, timeoutMs: COMPILE_TIMEOUT_MS };
  await run(go, ['mod', 'edit', `-require=${CDK_FOR_GO}@v${await cdkForGo(go)}`], options);
  await run(go, ['mod', 'tidy'], options);
  await run(go, ['build', './...'], options);
}

/** The newest version of the CDK up to npm's that the module proxy has: it gets a release later. */
async function cdkForGo(go: string): Promise<string> {
  const [major, newest] = require('aws-cdk-lib/package.json').version.split('.').map(Number) as [number, number];
  for (const version of [`${major}.${newest}.0`, `${major}.${newest - 1}.0`]) {
    const { exitCode } = await run(go, ['mod', 'download', `${CDK_FOR_GO}@v${version}`], { exitCodes: [0, 1] });
    if (exitCode === 0) return version;
  }
  throw new NotAvailableError(`${CDK_FOR_GO} cannot be fetched`);
}

async function compileJava(): Promise<void> {
  const maven = onPath('mvn');
  if (!maven || !onPath('javac')) throw new NotAvailableError('needs a JDK and Maven');
  const lowest = require('../../package.json').peerDependencies['aws-cdk-lib'].replace('^', '');
  const fetch = ['--batch-mode', '--quiet', 'dependency:get', '-Dtransitive=false'];
  const { exitCode } = await run(maven, [...fetch, `-Dartifact=${CDK_FOR_JAVA}:${lowest}`], { exitCodes: [0, 1] });
  if (exitCode !== 0) throw new NotAvailableError(`${CDK_FOR_JAVA} cannot be fetched`);
  await generate('java');
}

async function compileDotnet(): Promise<void> {
  if (!onPath('dotnet')) throw new NotAvailableError('needs .NET');
  await generate('dotnet');
}
