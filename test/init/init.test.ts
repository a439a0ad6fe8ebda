import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { initCommand } from '../../bin/commands/init';
import {
  APP_LANGUAGES,
  addToProject,
  namesOf,
  projectAround,
  projectFromTemplate,
  projectNameViolation,
  TEMPLATES,
  type TemplateName,
  writeNewProject,
} from '../../lib/init';
import { runCommand } from '../bin/support/run-command';

const NAMES = Object.keys(TEMPLATES) as TemplateName[];
const PROJECTS = NAMES.flatMap(template =>
  APP_LANGUAGES.filter(language => language in TEMPLATES[template].layers).map(language => ({ template, language })),
);
const before = process.cwd();
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'bidi-init-'));
  process.chdir(directory);
});
afterEach(() => {
  process.chdir(before);
  rmSync(directory, { recursive: true });
});

const init = (...words: string[]) => runCommand(initCommand(), words);

describe.each(PROJECTS)('the template $template with an app in $language', ({ template, language }) => {
  const files = projectFromTemplate(template, 'my-speech', { appLanguage: language, kit: '0.1.0' });

  test('is complete', () => {
    expect([...files.keys()].sort()).toMatchSnapshot();
    for (const [path, text] of files) {
      expect([path, text.match(/\{\{/)]).toEqual([path, null]);
      expect(path).not.toMatch(/dot-|\{\{/);
    }
  });

  test('names app, endpoint and stack after the folder, and pins every version', () => {
    if (language === 'typescript') expect(files.get('bin/app.ts')).toContain("new MySpeechStack(app, 'MySpeech'");
    else expect(files.get('app.py')).toContain('from my_speech_stack import MySpeechStack');
    const manifest = JSON.parse(files.get('package.json')!) as Record<string, Record<string, string>>;
    expect(manifest.name).toBe('my-speech');
    const versions = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies });
    expect(versions.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
    expect(() => JSON.parse(files.get('cdk.json')!)).not.toThrow();
  });

  test('has every command that its README names', () => {
    const { scripts } = JSON.parse(files.get('package.json')!) as { scripts: Record<string, string> };
    const named = [...files.get('README.md')!.matchAll(/^npm (?:run )?(?!install)([a-z]+)/gm)].map(match => match[1]!);
    expect(named.length).toBeGreaterThan(3);
    expect(named.filter(name => !(name in scripts))).toEqual([]);
  });
});

test.each([
  ['my-speech', undefined],
  ['a', undefined],
  ['My', /lower-case/],
  ['1speech', /first a letter/],
  ['my--speech', /inner hyphens/],
  ['my_speech', /lower-case/],
  ['', /1 to 63/],
  ['a'.repeat(64), /1 to 63/],
])('the name %j', (name, violation) => {
  if (violation) expect(projectNameViolation(name)).toMatch(violation);
  else expect(projectNameViolation(name)).toBeUndefined();
});

test('a name is written as a stack, a class and a module', () => {
  expect(namesOf('my-speech-2')).toEqual({
    name: 'my-speech-2',
    stack: 'MySpeech2',
    class: 'MySpeech2Stack',
    module: 'my_speech_2',
  });
});

describe('a new project', () => {
  const files = new Map([
    ['a/b.txt', 'text'],
    ['c.txt', 'more'],
  ]);

  test('goes into a folder that is made, or is empty', () => {
    writeNewProject('made', files);
    mkdirSync('empty');
    writeNewProject('empty', files);
    for (const folder of ['made', 'empty']) expect(readFileSync(join(folder, 'a', 'b.txt'), 'utf8')).toBe('text');
  });

  test('does not go into a folder that holds something, which is listed', () => {
    mkdirSync('full');
    for (const file of ['1', '2', '3', '4', '5', '6', '7']) writeFileSync(join('full', file), '');
    expect(() => writeNewProject('full', files)).toThrow(/full is not empty[\s\S]*It holds 1, 2, 3, 4, 5 and 2 more/);
    expect(readdirSync('full')).toHaveLength(7);
    writeFileSync('file', '');
    expect(() => writeNewProject('file', files)).toThrow(/It is a file/);
  });

  test('leaves nothing behind when it cannot be written whole', () => {
    const impossible = new Map([...files, ['c.txt/d', '']]);
    expect(() => writeNewProject('half', impossible)).toThrow(/ENOTDIR|EEXIST/);
    expect(existsSync('half')).toBe(false);
    expect(() => addToProject('.', impossible)).toThrow(/ENOTDIR|EEXIST/);
    expect(existsSync('c.txt')).toBe(false);
  });

  test('beside other files it overwrites none, and names those that are there', () => {
    writeFileSync('c.txt', 'mine');
    expect(() => addToProject('.', files)).toThrow(/there already: c\.txt/);
    expect(readFileSync('c.txt', 'utf8')).toBe('mine');
    expect(existsSync('a')).toBe(false);
  });
});

describe('bidi init', () => {
  test('writes a template and ends with the two next commands', async () => {
    const { stdout } = await init('my-speech', '--template', 'typescript');
    expect(stdout).toBe(
      '\nNext:\n  cd my-speech\n' +
        '  npm install && npm test   # streams to the model through a local SageMaker\n' +
        '  npx cdk synth --quiet     # makes the template that cdk deploy sends\n',
    );
    expect(readFileSync(join('my-speech', '.gitignore'), 'utf8')).toContain('node_modules');
  });

  test.each([
    [[], 'No folder is named.'],
    [['my-speech'], 'No template is named.'],
    [['My_Speech', '-t', 'python'], expect.stringMatching(/lower-case/)],
    [['x', '-t', 'python', '--container', 'y'], '--container and --command belong to --here.'],
    [['x', '-t', 'vllm', '--app-language', 'python'], 'The template vllm has no CDK app in python.'],
    [['--here'], '--here needs --container.'],
    [['folder', '--here', '--container', '.'], '--here takes neither a folder nor a template.'],
    [['--here', '--container', 'nowhere'], 'nowhere holds no Dockerfile.'],
  ])('%j asks nothing without a terminal, and says what is missing', async (words, what) => {
    await expect(init(...words)).rejects.toMatchObject({ code: 'ERR_BIDI_USAGE', what });
    expect(readdirSync('.')).toEqual([]);
  });

  test('--here writes the CDK side of a container, and says what its check finds', async () => {
    mkdirSync('server');
    writeFileSync(
      join('server', 'Dockerfile'),
      'FROM python:3.13\nLABEL com.amazonaws.sagemaker.capabilities.bidirectional-streaming=true\nENTRYPOINT python app.py\n',
    );
    const words = ['--here', '--container', './server', '--name', 'speech', '--command', 'python "my app.py"'];
    const { stdout, exitCode } = await init(...words);
    expect(stdout).toMatch(/FAIL {2}entrypoint-exec-form/);
    expect(stdout).toContain('npx bidi local Speech');
    expect(exitCode).toBe(1);
    expect(readdirSync('.').sort()).toEqual(['bin', 'cdk.json', 'lib', 'package.json', 'server', 'tsconfig.json']);
    expect(readFileSync(join('lib', 'speech-stack.ts'), 'utf8')).toContain('localCommand: ["python", "my app.py"]');
    expect(readFileSync(join('lib', 'speech-stack.ts'), 'utf8')).toContain("join(__dirname, '..', 'server')");
    await expect(init(...words)).rejects.toMatchObject({ code: 'ERR_BIDI_PROJECT_FOLDER' });
  });
});

test('an app in Python takes the constructs of the same version, and the CDK that this kit is tested with', () => {
  const { version, peerDependencies, devDependencies } = require('../../package.json');
  const files = projectFromTemplate('python', 'my-speech', { appLanguage: 'python' });
  const [cdk, constructs, nag, own] = files.get('requirements.txt')!.trim().split('\n');
  const [lowest, newest] = [peerDependencies, devDependencies].map(versions => versions['aws-cdk-lib'].slice(1));
  expect(cdk).toBe(`aws-cdk-lib>=${lowest},<=${newest}`);
  expect(constructs).toBe(`constructs>=${peerDependencies.constructs.slice(1)},<11`);
  expect(nag).toMatch(/^cdk-nag==\d/);
  // From this repository: the wheel of `npm run build:packages`, where it has been made.
  expect(own).toMatch(
    new RegExp(`^sagemaker-bidi-constructs(==${version}| @ file:///.+-${version}-py3-none-any.whl)$`),
  );
});

test('--here writes an app in Python too', async () => {
  mkdirSync('server');
  const label = 'LABEL com.amazonaws.sagemaker.capabilities.bidirectional-streaming=true';
  writeFileSync(join('server', 'Dockerfile'), `FROM python:3.13\n${label}\nENTRYPOINT ["python", "app.py"]\n`);
  const words = ['--here', '--container', 'server', '--name', 'speech', '--app-language', 'python'];
  await init(...words, '--command', 'python "my app.py"');
  const written = ['app.py', 'cdk.json', 'package.json', 'requirements.txt', 'scripts', 'speech_stack.py'];
  expect(readdirSync('.').sort()).toEqual([...written, 'server'].sort());
  expect(readFileSync('speech_stack.py', 'utf8')).toContain('local_command=["python", "my app.py"],');
  expect(JSON.parse(readFileSync('cdk.json', 'utf8')).app).toBe('node scripts/venv.mjs app.py');
});

test('a container without a command says how to name one', () => {
  const files = projectAround({ directory: 'server', kit: '0.1.0' }, 'speech');
  expect(files.get('lib/speech-stack.ts')).toContain(
    '// How it starts as a process of this machine, without Docker: localCommand',
  );
});
