import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { synthesize } from '../../bin/synthesize';
import { TYPESCRIPT } from '../typescript-process';

const before = process.cwd();
const { TMPDIR } = process.env;
let directory: string;

beforeEach(() => {
  directory = realpathSync(mkdtempSync(join(tmpdir(), 'bidi-synthesize-')));
  process.env.TMPDIR = directory;
});
afterEach(() => {
  process.chdir(before);
  if (TMPDIR === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = TMPDIR;
  rmSync(directory, { recursive: true });
});

/** An app that runs this program. */
function app(program: string): void {
  writeFileSync(join(directory, 'app.js'), program);
  writeFileSync(join(directory, 'cdk.json'), JSON.stringify({ app: `"${process.execPath}" app.js` }));
}

/** An app that writes a cloud assembly with one stack, with this metadata. */
function assembly(metadata: object = {}): void {
  const manifest = {
    artifacts: {
      Stack: {
        type: 'aws:cloudformation:stack',
        properties: { templateFile: 'Stack.template.json' },
        metadata: { '/Stack': metadata },
      },
    },
  };
  app(`
    const { mkdirSync, writeFileSync } = require('node:fs');
    const write = (file, text) => writeFileSync(process.env.CDK_OUTDIR + '/' + file, text);
    mkdirSync(process.env.CDK_OUTDIR, { recursive: true });
    write('Stack.template.json', process.env.CDK_CONTEXT_JSON);
    write('manifest.json', ${JSON.stringify(JSON.stringify(manifest))});`);
}

const EXPLANATION = { what: 'A key is wrong.', why: 'It is unknown.', next: 'Leave it out.' };
const MESSAGE = 'A key is wrong.\n  why:  It is unknown.\n  next: Leave it out.';

describe('an app that fails', () => {
  test('names the folder to run it in', async () => {
    app(`process.stderr.write('boom\\n'); process.exitCode = 3;`);
    await expect(synthesize({ directory })).rejects.toMatchObject({
      what: 'The CDK app ended with exit code 3.',
      why: 'boom',
      next: `Run in ${directory}: npx cdk synth`,
    });
    process.chdir(directory);
    await expect(synthesize({ directory: '.' })).rejects.toMatchObject({ next: 'Run in this folder: npx cdk synth' });
  });

  test('shows the first line of its error, not the end of its stack', async () => {
    app(`require('no-such-module');`);
    await expect(synthesize({ directory })).rejects.toMatchObject({
      why: expect.stringMatching(/^Cannot find module 'no-such-module'\nRequire stack:/),
    });
  });

  test('shows what it wrote from the first error on, where it threw nothing', async () => {
    const lines = [
      ...Array.from({ length: 20 }, (_, i) => `loading ${i}`),
      'TypeError: no',
      ...Array(20).fill('  at x'),
    ];
    app(`process.stderr.write(${JSON.stringify(lines.join('\n'))}); process.exitCode = 1;`);
    await expect(synthesize({ directory })).rejects.toMatchObject({
      why: expect.stringMatching(/^TypeError: no\n( {2}at x\n?){11}$/),
    });
  });

  test('shows the error of the constructs without the calls, where the app is in Python', async () => {
    const calls = Array.from(
      { length: 9 },
      (_, line) => `      at new BidiEndpoint (/kernel/bidi-endpoint.js:${line}:45)`,
    );
    const error = ['  InvalidPropsError: S/E cannot be deployed as described:', '    - instanceCount is 0.'];
    const lines = [
      'jsii.errors.JavaScriptError: ',
      ...error,
      ...calls,
      'Traceback (most recent call last):',
      '  File "app.py"',
    ];
    app(`process.stderr.write(${JSON.stringify(lines.join('\n'))}); process.exitCode = 1;`);
    await expect(synthesize({ directory })).rejects.toMatchObject({
      why: ['jsii.errors.JavaScriptError: ', ...error].join('\n'),
    });
  });

  test('gives the parts of its error as data', async () => {
    app(`throw Object.assign(new Error(${JSON.stringify(MESSAGE)}), ${JSON.stringify(EXPLANATION)});`);
    await expect(synthesize({ directory })).rejects.toMatchObject({
      ...EXPLANATION,
      what: 'The CDK app ended with exit code 1. A key is wrong.',
    });
    // The same words without the data are what the app wrote, and no more.
    app(`process.stderr.write(${JSON.stringify(MESSAGE)}); process.exitCode = 1;`);
    await expect(synthesize({ directory })).rejects.toMatchObject({ why: MESSAGE });
  });

  test('keeps the options that the environment has for Node.js', async () => {
    app(
      `process.exitCode = process.execArgv.length + process.env.NODE_OPTIONS.startsWith('--no-warnings --require') + 1;`,
    );
    process.env.NODE_OPTIONS = '--no-warnings';
    try {
      await expect(synthesize({ directory })).rejects.toMatchObject({ what: 'The CDK app ended with exit code 2.' });
    } finally {
      delete process.env.NODE_OPTIONS;
    }
  });
});

test('an app that writes no cloud assembly is told so', async () => {
  app('');
  await expect(synthesize({ directory })).rejects.toThrow(/wrote no cloud assembly[\s\S]*outdir/);
});

describe('an error of a stack', () => {
  const error = (data: string) => ({ type: 'aws:cdk:error', data });
  const explanation = {
    type: 'sagemaker-bidi-kit:explanation',
    data: JSON.stringify({ ...EXPLANATION, message: MESSAGE }),
  };

  test('is not explained twice', async () => {
    assembly([error(MESSAGE), explanation]);
    await expect(synthesize({ directory })).rejects.toMatchObject({
      ...EXPLANATION,
      what: 'The CDK app says that a stack cannot be deployed. A key is wrong.',
    });
  });

  test('is shown with the others', async () => {
    assembly([error(MESSAGE), explanation, error('Another.')]);
    await expect(synthesize({ directory })).rejects.toMatchObject({
      why: 'A key is wrong. It is unknown. Leave it out.\nAnother.',
    });
  });

  test('matters only where the stack is wanted', async () => {
    assembly([error('Another.')]);
    await expect(synthesize({ directory, stacks: ['Other'] })).resolves.toBeDefined();
  });
});

test('two runs in one directory write to folders of their own, which are read with earlier lookups', async () => {
  assembly();
  writeFileSync(join(directory, 'cdk.context.json'), JSON.stringify({ 'vpc-provider:x': { vpcId: 'vpc-1' } }));
  const folders = await Promise.all([synthesize({ directory }), synthesize({ directory, context: { key: 'value' } })]);
  expect(new Set(folders).size).toBe(2);
  expect(existsSync(join(directory, 'cdk.out'))).toBe(false);
  expect(JSON.parse(readFileSync(join(folders[1]!, 'Stack.template.json'), 'utf8'))).toMatchObject({
    'vpc-provider:x': { vpcId: 'vpc-1' },
    key: 'value',
  });
});

test.each(['SIGTERM', 'SIGINT'] as const)('the folder goes when the process is ended by %s', async signal => {
  const program = `
    const { temporaryFolder } = require('./bin/temporary-folder');
    console.log(temporaryFolder('test'));
    setInterval(() => {}, 1_000);`;
  const child = spawn(process.execPath, [...TYPESCRIPT, '-e', program], {
    cwd: join(__dirname, '..', '..'),
  });
  const [line] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string];
  expect(existsSync(line.trim())).toBe(true);
  child.kill(signal);
  expect(await once(child, 'exit')).toEqual([null, signal]);
  expect(existsSync(line.trim())).toBe(false);
});
