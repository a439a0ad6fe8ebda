import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

const ROOT = resolve(__dirname, '../..');

interface Packed {
  readonly filename: string;
  readonly size: number;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string }[];
}

let folder: string;
let project: string;
let packed: Packed;

function run(command: string, words: readonly string[], cwd: string): string {
  return execFileSync(command, words, {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 64 * 1024 * 1024,
  });
}

/** Runs a program in the empty project, as a user's own file. */
function program(source: string): string {
  return run(process.execPath, ['-e', source], project).trim();
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'bidi-package-'));
  project = join(folder, 'project');
  mkdirSync(project);
  run('npm', ['run', 'build', '--silent'], ROOT);
  packed = (
    JSON.parse(run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], ROOT)) as Packed[]
  )[0]!;
  writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'empty', private: true }));
  run(
    'npm',
    [
      'install',
      '--no-audit',
      '--no-fund',
      '--prefer-offline',
      join(folder, packed.filename),
      'aws-cdk-lib',
      'constructs',
    ],
    project,
  );
  const installed = run('du', ['-sk', 'node_modules'], project).split('\t')[0];
  process.stderr.write(
    `package: ${Math.round(packed.size / 1024)} KiB packed, ${Math.round(packed.unpackedSize / 1024)} KiB unpacked; ` +
      `with its dependencies and the CDK ${Math.round(Number(installed) / 1024)} MiB installed\n`,
  );
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('holds what users need and nothing else', () => {
  const strangers = packed.files
    .map(file => file.path)
    .filter(
      path =>
        !/^(dist\/(bin|lib|container|demo|examples)\/.+|templates\/.+|bin\/(bidi|failure-reporter)\.js|package\.json|cdk\.json|README\.md|LICENSE|CHANGELOG\.md)$/.test(
          path,
        ),
    );
  expect(strangers).toEqual([]);
  const paths = packed.files.map(file => file.path);
  for (const needed of [
    'dist/lib/index.d.ts',
    'dist/lib/client/index.d.ts',
    'dist/lib/speech/index.d.ts',
    'dist/lib/local/index.d.ts',
    'dist/lib/local/inspector/page/index.html',
    'dist/lib/local/inspector/page/inspector.css',
    'dist/lib/local/inspector/page/inspector.mjs',
    'dist/lib/local/inspector/page/element.mjs',
    'dist/lib/local/inspector/page/virtual-list.mjs',
    'dist/container/echo/Dockerfile',
    'dist/container/echo/.dockerignore',
    'dist/container/echo/package-lock.json',
    'dist/container/echo/dist/server.js',
    'dist/container/gateway/Dockerfile',
    'dist/container/speech-simulator/Dockerfile',
    'dist/container/vllm/Dockerfile',
    'dist/container/speech-simulator/dist/server.js',
    'dist/container/gateway/Dockerfile',
    'dist/container/gateway/.dockerignore',
    'dist/container/gateway/dist/gateway.js',
    'dist/demo/EchoBidiStack.template.json',
    'dist/examples/sample.wav',
    'LICENSE',
  ]) {
    expect(paths).toContain(needed);
  }
  expect(paths.filter(path => path.includes('node_modules'))).toEqual([]);
});

test('the constructs synthesize', () => {
  const template = program(`
    const { App } = require('aws-cdk-lib');
    const { EchoBidiStack } = require('sagemaker-bidi-kit');
    const app = new App();
    new EchoBidiStack(app, 'EchoBidiStack');
    const { template } = app.synth().getStackByName('EchoBidiStack');
    console.log(Object.values(template.Resources).map(resource => resource.Type).join(' '));
  `);
  expect(template).toContain('AWS::SageMaker::Model AWS::SageMaker::EndpointConfig AWS::SageMaker::Endpoint');
});

test('the client loads without the CDK', () => {
  const loaded = program(`
    const { BidiSession, SageMakerRuntimeHTTP2Client } = require('sagemaker-bidi-kit/client');
    const cdk = Object.keys(require.cache).filter(file => /aws-cdk-lib|constructs/.test(file));
    console.log(typeof BidiSession.open, typeof SageMakerRuntimeHTTP2Client, cdk.length);
  `);
  expect(loaded).toBe('function function 0');
});

test('the local SageMaker loads without the CDK', () => {
  const loaded = program(`
    const { LocalSageMaker } = require('sagemaker-bidi-kit/local');
    const cdk = Object.keys(require.cache).filter(file => /aws-cdk-lib|constructs/.test(file));
    console.log(typeof LocalSageMaker.start, cdk.length);
  `);
  expect(loaded).toBe('function 0');
});

test('the published types compile in strict mode', () => {
  writeFileSync(
    join(project, 'app.ts'),
    `import { App } from 'aws-cdk-lib';
     import { EchoBidiStack } from 'sagemaker-bidi-kit';
     import { BidiSession } from 'sagemaker-bidi-kit/client';
     import { LocalSageMaker } from 'sagemaker-bidi-kit/local';
     new EchoBidiStack(new App(), 'Echo');
     export const open: typeof BidiSession.open = BidiSession.open;
     export const start: typeof LocalSageMaker.start = LocalSageMaker.start;`,
  );
  run(
    process.execPath,
    [
      require.resolve('typescript/bin/tsc'),
      '--noEmit',
      '--strict',
      '--skipLibCheck',
      '--module',
      'node16',
      '--target',
      'es2022',
      '--lib',
      'es2023,esnext.disposable',
      '--typeRoots',
      join(ROOT, 'node_modules/@types'),
      '--types',
      'node',
      'app.ts',
    ],
    project,
  );
});

test('the command line runs', () => {
  expect(run('npx', ['--no-install', 'bidi', '--version'], project).trim()).toBe(require('../../package.json').version);
  expect(run('npx', ['--no-install', 'bidi', '--help'], project)).toContain('local');
});

test('a folder is not deployed without the CDK, and the command that installs it is named', () => {
  const container = join(project, 'node_modules', 'sagemaker-bidi-kit', 'dist', 'container', 'echo');
  const { status, stderr } = spawnSync('npx', ['--no-install', 'bidi', 'synth', container], {
    cwd: project,
    encoding: 'utf8',
  });
  expect(status).toBe(2);
  expect(stderr.replace(/\s+/g, ' ')).toMatch(/aws-cdk, cdk-nag are missing\..*npm install .*aws-cdk@\d/);
});

/** Runs `bidi local` in a folder until it streams, then what is asked for, and ends it. */
async function whileLocal(words: readonly string[], cwd: string, use: () => void): Promise<void> {
  const local: ChildProcess = spawn('npx', ['--no-install', 'bidi', 'local', ...words, '--json'], {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    env: { ...process.env, XDG_CACHE_HOME: join(folder, 'cache') },
  });
  let errors = '';
  local.stderr!.on('data', data => {
    errors += data;
  });
  const exited = new Promise<void>(done => local.once('close', () => done()));
  try {
    await new Promise<void>((ready, failed) => {
      createInterface({ input: local.stdout! }).on('line', line => {
        if (/"ready"|"listening"/.test(line)) ready();
      });
      local.once('close', code => failed(new Error(`bidi local ended with ${code}: ${errors}`)));
    });
    use();
  } finally {
    process.kill(-local.pid!, 'SIGINT');
    await exited;
  }
}

function bidi(words: readonly string[], cwd: string, environment: NodeJS.ProcessEnv = {}): string {
  return execFileSync('npx', ['--no-install', 'bidi', ...words], {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, XDG_CACHE_HOME: join(folder, 'cache'), ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

describe('an app of one’s own', () => {
  beforeAll(() => {
    writeFileSync(join(project, 'cdk.json'), JSON.stringify({ app: 'node app.js' }));
    writeFileSync(
      join(project, 'app.js'),
      `const { App, Stack } = require('aws-cdk-lib');
       const { DeepgramEndpoint, EchoBidiStack } = require('sagemaker-bidi-kit');
       const app = new App();
       new EchoBidiStack(app, 'Echo');
       const speech = new Stack(app, 'Speech', { env: { region: 'us-east-1', account: '123456789012' } });
       new DeepgramEndpoint(speech, 'Endpoint', {
         endpointName: 'speech',
         modelPackageArn: 'arn:aws:sagemaker:us-east-1:865070037744:model-package/deepgram',
       });`,
    );
  });

  test('streams to the echo container', async () => {
    await whileLocal(['Echo'], project, () => {
      expect(bidi(['invoke', 'I need help with', '--local'], project)).toContain('I need help with');
    });
  });

  test('streams to the simulator that DeepgramEndpoint brings', async () => {
    await whileLocal(['Speech', '--simulate'], project, () => {
      const recording = join(project, 'node_modules/sagemaker-bidi-kit/dist/examples/sample.wav');
      expect(bidi(['transcribe', recording, '--local'], project)).toMatch(/account balance/i);
    });
  });
});

test('the demo runs in an empty folder with the package alone, as npx runs it', () => {
  const empty = join(folder, 'empty');
  mkdirSync(empty);
  // What `npx sagemaker-bidi-kit@VERSION` does, with the tarball in the place of the registry.
  const output = execFileSync(
    'npx',
    ['--yes', '--prefer-offline', '--package', join(folder, packed.filename), 'bidi', 'demo'],
    { cwd: empty, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] },
  );
  expect(output).toContain('all came back');
  const [sent, received] = [...output.matchAll(/sha256 ([0-9a-f]{64})/g)].map(match => match[1]);
  expect(received).toBe(sent);
  expect(output).toContain("new EchoBidiStack(app, 'EchoBidiStack')");
});

test.each(['echo', 'speech-simulator'])('the image of %s can be built from the package', name => {
  const packaged = join(project, 'node_modules/sagemaker-bidi-kit/dist/container', name);
  // The Dockerfile's own steps, with only the files that its .dockerignore lets through.
  const context = join(folder, `image-${name}`);
  const ignore = readFileSync(join(packaged, '.dockerignore'), 'utf8').split('\n');
  for (const file of ignore.filter(line => line.startsWith('!')).map(line => line.slice(1))) {
    cpSync(join(packaged, file), join(context, file), { recursive: true });
  }
  for (const line of readFileSync(join(packaged, 'Dockerfile'), 'utf8').split('\n')) {
    if (line.startsWith('RUN npm')) run('sh', ['-c', line.slice('RUN '.length)], context);
  }
  expect(existsSync(join(context, 'dist/server.js'))).toBe(true);
});

test('the gateway\u2019s service synthesizes from the package, and its image is the one file, which runs', () => {
  const assembly = join(folder, 'gateway.out');
  program(`
    const { App } = require('aws-cdk-lib');
    const { GatewayStack } = require('sagemaker-bidi-kit');
    const app = new App({ outdir: ${JSON.stringify(assembly)} });
    new GatewayStack(app, 'GatewayStack', { endpointName: 'speech', publicLoadBalancer: false });
    app.synth();
  `);
  const [context] = readdirSync(assembly).filter(entry => existsSync(join(assembly, entry, 'Dockerfile')));
  const files = readdirSync(join(assembly, context!), { recursive: true }).map(String);
  expect(files).toContain(join('dist', 'gateway.js'));
  expect(files.filter(file => /src|node_modules/.test(file))).toEqual([]);
  const help = run(process.execPath, [join(assembly, context!, 'dist', 'gateway.js'), '--help'], folder);
  expect(help).toContain('--embedded-metrics');
});

test('no path of the machine that built it is in the package', () => {
  const directory = join(project, 'node_modules/sagemaker-bidi-kit');
  const found = packed.files.filter(file => readFileSync(join(directory, file.path)).includes(ROOT));
  expect(found).toEqual([]);
});
