import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { synthesize } from '../../bin/synthesize';

const before = process.cwd();
let directory: string;

beforeEach(() => {
  directory = realpathSync(mkdtempSync(join(tmpdir(), 'bidi-synthesize-')));
});
afterEach(() => {
  process.chdir(before);
  rmSync(directory, { recursive: true });
});

/** An app that runs this program. */
function app(program: string): void {
  writeFileSync(join(directory, 'app.js'), program);
  writeFileSync(join(directory, 'cdk.json'), JSON.stringify({ app: `"${process.execPath}" app.js` }));
}

const complaint = (text: string) => app(`process.stderr.write(${JSON.stringify(text)}); process.exitCode = 3;`);

test('an app that ends with an error names the folder to run it in', async () => {
  complaint('boom\n');
  await expect(synthesize({ directory })).rejects.toMatchObject({
    what: 'The CDK app ended with exit code 3.',
    why: 'boom',
    next: `Run in ${directory}: npx cdk synth`,
  });
  process.chdir(directory);
  await expect(synthesize({ directory: '.' })).rejects.toMatchObject({ next: 'Run in this folder: npx cdk synth' });
});

test('what the app explains itself is not explained twice', async () => {
  const explained = 'A key is wrong.\n  why:  Nobody knows it.\n  next: Leave it out.';
  complaint(`${explained}\n`);
  await expect(synthesize({ directory })).rejects.toMatchObject({
    what: 'The CDK app ended with exit code 3. A key is wrong.',
    why: 'Nobody knows it.',
    next: 'Leave it out.',
  });

  const manifest = (errors: string[]) => ({
    artifacts: {
      Stack: {
        type: 'aws:cloudformation:stack',
        properties: { templateFile: 'Stack.template.json' },
        metadata: { '/Stack': errors.map(data => ({ type: 'aws:cdk:error', data })) },
      },
    },
  });
  const write = (content: object) =>
    app(
      `const { mkdirSync, writeFileSync } = require('node:fs'); mkdirSync(process.env.CDK_OUTDIR, { recursive: true });
       writeFileSync(process.env.CDK_OUTDIR + '/Stack.template.json', '{}');
       writeFileSync(process.env.CDK_OUTDIR + '/manifest.json', ${JSON.stringify(JSON.stringify(content))});`,
    );
  write(manifest([explained]));
  await expect(synthesize({ directory })).rejects.toMatchObject({
    what: 'The CDK app says that a stack cannot be deployed. A key is wrong.',
    why: 'Nobody knows it.',
    next: 'Leave it out.',
  });
  write(manifest([explained, 'Another.']));
  await expect(synthesize({ directory })).rejects.toMatchObject({
    why: 'A key is wrong. Nobody knows it. Leave it out.\nAnother.',
  });
});
