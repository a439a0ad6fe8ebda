/**
 * Installs the constructs' packages, the wheel into a new virtual environment and the package for npm into an empty app, synthesizes one
 * app in Python and in TypeScript and the examples of docs/constructs.md in both, compares their templates, runs the command line on what
 * Python made, and tries `bidi init` with an app in Python. `npm run test:constructs`, which builds the packages first; `-- --all`
 * compiles the packages for Java, .NET and Go too, where their tools are.
 */
import { match, strictEqual } from 'node:assert';
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { constructsExamples, moduleOf } from '../docs/constructs-examples';
import { endAll, run } from '../interop/processes';
import { Scorecard } from '../interop/scorecard';
import { checkCommandLine } from './command-line';
import { checkInit } from './init';
import { compileOtherLanguages } from './other-languages';
import { holdSameTemplates } from './templates';
import {
  APP_ENVIRONMENT,
  CONSUMER,
  FOLDER,
  installConsumer,
  installWheel,
  PYTHON,
  ROOT,
  runTypescript,
} from './workplace';

const scorecard = new Scorecard();
const pythonAssembly = join(FOLDER, 'python.out');
const appText = readFileSync(join(__dirname, 'app.ts'), 'utf8');

/** The app with the constructs' package, and with this source tree in its place. */
async function synthesizeApps(): Promise<void> {
  await run(PYTHON, [join(__dirname, 'app.py')], { env: { ...APP_ENVIRONMENT, CDK_OUTDIR: pythonAssembly } });

  writeFileSync(join(CONSUMER, 'app.ts'), appText.replace("'../../lib'", "'sagemaker-bidi-constructs'"));
  const consumerAssembly = join(FOLDER, 'consumer.out');
  await runTypescript(join(CONSUMER, 'app.ts'), [], { ...APP_ENVIRONMENT, CDK_OUTDIR: consumerAssembly });
  holdSameTemplates(pythonAssembly, consumerAssembly);

  const sources = join(FOLDER, 'sources');
  for (const path of ['lib', 'container', join('test', 'constructs')]) {
    cpSync(join(ROOT, path), join(sources, path), { recursive: true, filter: file => !file.includes('node_modules') });
  }
  writeFileSync(join(sources, 'package.json'), '{}');
  symlinkSync(join(CONSUMER, 'node_modules'), join(sources, 'node_modules'));
  const kitAssembly = join(FOLDER, 'kit.out');
  const environment = { ...APP_ENVIRONMENT, CDK_OUTDIR: kitAssembly, NODE_PATH: join(ROOT, 'node_modules') };
  await runTypescript(join(sources, 'test', 'constructs', 'app.ts'), [], environment);
  holdSameTemplates(pythonAssembly, kitAssembly);
}

/** The package's own types, without those of any other package of this kit. */
async function compileConsumer(): Promise<void> {
  const options = [
    '--ignoreConfig',
    '--noEmit',
    '--strict',
    '--skipLibCheck',
    '--module',
    'node16',
    '--target',
    'es2022',
  ];
  const types = ['--typeRoots', join(ROOT, 'node_modules', '@types'), '--types', 'node'];
  await run(process.execPath, [require.resolve('typescript/bin/tsc'), ...options, ...types, join(CONSUMER, 'app.ts')]);
}

async function synthesizeExamples(): Promise<void> {
  const examples = constructsExamples();
  const file = join(FOLDER, 'examples.json');
  writeFileSync(file, JSON.stringify(examples.map(({ python }) => python)));
  const inPython = join(FOLDER, 'examples', 'python');
  const inTypescript = join(FOLDER, 'examples', 'typescript');

  const modules = join(CONSUMER, 'examples');
  mkdirSync(modules);
  for (const [number, { typescript }] of examples.entries()) {
    const text = moduleOf(typescript).replace("'sagemaker-bidi-kit'", "'sagemaker-bidi-constructs'");
    writeFileSync(join(modules, `${number}.ts`), text);
  }
  cpSync(join(__dirname, 'examples.ts'), join(CONSUMER, 'examples.ts'));
  const options = { cwd: ROOT, env: APP_ENVIRONMENT };
  await Promise.all([
    run(PYTHON, [join(__dirname, 'examples.py'), file, inPython], options),
    runTypescript(join(CONSUMER, 'examples.ts'), [modules, inTypescript], APP_ENVIRONMENT),
  ]);
  for (const [number, { heading }] of examples.entries()) {
    await scorecard.check(`docs/constructs.md in both languages: ${heading}`, () =>
      holdSameTemplates(join(inPython, `${number}`), join(inTypescript, `${number}`)),
    );
  }
}

/** The program on the package's page in the registries. */
async function runReadme(): Promise<void> {
  const readme = readFileSync(join(ROOT, 'bin', 'constructs-package', 'README.md'), 'utf8');
  const [, program] = /^```python\n([\s\S]*?)^```$/m.exec(readme)!;
  const cwd = join(FOLDER, 'readme');
  cpSync(join(ROOT, 'container', 'vllm'), join(cwd, 'container'), { recursive: true });
  await run(PYTHON, ['-c', program!], { cwd, env: APP_ENVIRONMENT, isPrinted: false });
}

async function showViolations(): Promise<void> {
  const program = [
    'from aws_cdk import App, Stack',
    'from sagemaker_bidi_constructs import BidiImage, BidiModel, BidiEndpoint',
    "image = BidiImage.from_registry_uri('public.ecr.aws/a/b:1')",
    "BidiEndpoint(Stack(App(), 'S'), 'E', model=BidiModel.from_image(image), instance_count=0, instance_type='large')",
  ].join('\n');
  const { exitCode, stderr } = await run(PYTHON, ['-c', program], { isPrinted: false, exitCodes: [1] });
  strictEqual(exitCode, 1);
  match(stderr, /instanceCount is 0; it must be a whole number/);
  match(stderr, /"large" is not a hosting instance type/);
}

async function main(): Promise<void> {
  if (process.argv.includes('--all')) await compileOtherLanguages(scorecard);
  const isInstalled = await scorecard.check('pip installs the wheel', () => installWheel().then(() => true));
  if (!isInstalled) return;
  const initiated = checkInit(scorecard);
  await scorecard.check('npm installs the constructs alone', installConsumer);
  await scorecard.check(
    'an app in Python, one with the constructs alone and one with the kit synthesize the same template',
    synthesizeApps,
  );
  await scorecard.check('the types of the constructs compile in an app of their own', compileConsumer);
  await scorecard.check('every example of docs/constructs.md synthesizes', synthesizeExamples);
  await scorecard.check("the program of the package's README synthesizes", runReadme);
  await scorecard.check('what synthesis refuses, Python shows with every violation', showViolations);
  await checkCommandLine(scorecard, pythonAssembly);
  await initiated;
}

main()
  .finally(endAll)
  .then(
    () => {
      process.exitCode = scorecard.close();
    },
    error => {
      console.error(error);
      process.exitCode = 1;
    },
  );
