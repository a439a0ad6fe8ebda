import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { AfterDeployment } from '../../../lib/assembly';
import {
  ContainerStartError,
  HealthCheckError,
  InvalidLocalOptionsError,
  type LocalEvent,
  LocalSageMaker,
  PortInUseError,
  ProcessEngine,
} from '../../../lib/local';
import { freePort } from '../../../lib/local/engine/process-engine';
import { TYPESCRIPT } from '../../typescript-process';
import { scriptedEndpoint, scriptedModel, startLocal, temporaryDirectory } from '../support/local';
import { SignedStream } from '../support/signed-stream';

/** Whether a process is there, and no zombie. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(existsSync(`/proc/${pid}/status`) ? readFileSync(`/proc/${pid}/status`, 'utf8') : '');
  } catch {
    return false;
  }
}

async function until(condition: () => boolean, timeoutMs = 8_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error('It did not come to pass.');
    await new Promise(resolve => setTimeout(resolve, 20));
  }
}

describe('what cannot start says why', () => {
  test('a container that dies', async () => {
    const failed = startLocal({ endpoints: [scriptedEndpoint({ EXIT_AT_START: '3' })] });
    await expect(failed).rejects.toThrow(HealthCheckError);
    await expect(failed).rejects.toMatchObject({
      what: 'Container AllTraffic/0 of endpoint echo ended with exit code 3 before its /ping passed.',
      why: expect.stringContaining('model file is missing'),
    });
  });

  test('a container that never answers /ping with 200', async () => {
    const endpoint = scriptedEndpoint({ PING_STATUS: '503' });
    const [variant] = endpoint.variants;
    await expect(
      startLocal({ endpoints: [{ ...endpoint, variants: [{ ...variant!, startupHealthCheckTimeoutSeconds: 1 }] }] }),
    ).rejects.toMatchObject({
      what: 'Container AllTraffic/0 of endpoint echo did not pass its ping health check within 1 s.',
      why: expect.stringMatching(/answered with 503[\s\S]*container is ready/),
    });
  });

  test('a command that is not there, a directory that is not there, no command at all', async () => {
    const model = scriptedModel();
    const engine = new ProcessEngine();
    const start = (change: object) => engine.start({ model: { ...model, ...change }, name: 'x', onLine: () => {} });
    await expect(start({ command: ['no-such-program'] })).rejects.toThrow(/no-such-program does not run \(ENOENT\)/);
    await expect(start({ directory: '/nowhere' })).rejects.toThrow(/no directory \/nowhere/);
    await expect(start({ command: undefined })).rejects.toThrow(ContainerStartError);
  });

  test('all faults together, and nothing left behind', async () => {
    const started: number[] = [];
    const failed = startLocal({
      endpoints: [
        scriptedEndpoint({}, 'good'),
        scriptedEndpoint({ EXIT_AT_START: '3' }, 'first'),
        scriptedEndpoint({ EXIT_AT_START: '4' }, 'second'),
      ],
      observe: event => {
        if (event.type === 'container-in-service') started.push(event.port);
      },
    });
    await expect(failed).rejects.toThrow(/first ended with exit code 3[\s\S]*second ended with exit code 4/);
    for (const port of started) {
      const server = createServer().listen(port, '127.0.0.1');
      await new Promise((resolve, reject) => server.once('listening', resolve).once('error', reject));
      server.close();
    }
  });

  test('no endpoint, a name that is used twice, an endpoint without a variant', async () => {
    await expect(startLocal({ endpoints: [] })).rejects.toThrow(InvalidLocalOptionsError);
    await expect(
      startLocal({ endpoints: [scriptedEndpoint(), scriptedEndpoint(), { name: 'empty', variants: [] }] }),
    ).rejects.toThrow(/echo is used twice[\s\S]*empty has no variant/);
  });

  test('an environment that is known only after deployment, before anything starts', async () => {
    const model = {
      name: 'echo',
      environment: { KEY: new AfterDeployment('Only CloudFormation resolves Fn::Transform') },
    };
    await expect(
      startLocal({ endpoints: [{ name: 'echo', variants: [{ name: 'AllTraffic', model }] }] }),
    ).rejects.toThrow(/Environment\.KEY of variant AllTraffic of endpoint echo: Only CloudFormation resolves/);
  });

  test('a port in use, where one was named', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise(resolve => server.once('listening', resolve));
    const { port } = server.address() as { port: number };
    await expect(startLocal({ port })).rejects.toThrow(PortInUseError);
    server.close();
  });

  test('an aborted start stops what it has started', async () => {
    const reason = new Error('enough');
    await expect(
      startLocal({ endpoints: [scriptedEndpoint({ PING_STATUS: '503' })], abortSignal: AbortSignal.abort(reason) }),
    ).rejects.toBe(reason);
    const abort = new AbortController();
    const starting = startLocal({
      endpoints: [scriptedEndpoint({ PING_STATUS: '503' })],
      abortSignal: abort.signal,
      observe: event => {
        if (event.type === 'container-line') abort.abort(reason);
      },
    });
    await expect(starting).rejects.toBe(reason);
  });
});

test('the environment is that of the template, the port is its own, and nothing of the user’s leaks in', async () => {
  process.env.A_SECRET_OF_THE_USER = 'secret';
  await using local = await startLocal({ endpoints: [scriptedEndpoint({ MODEL_SIZE: 'large' })] });
  delete process.env.A_SECRET_OF_THE_USER;
  const stream = await SignedStream.open(local, {
    headers: { 'x-amzn-sagemaker-model-query-string': 'act=environment' },
  });
  await stream.part('x');
  const environment = JSON.parse((await stream.nth(1)).body.toString()) as Record<string, string>;
  expect(environment).toMatchObject({ MODEL_SIZE: 'large', ARGUMENTS: 'serve' });
  expect(environment.SAGEMAKER_BIND_TO_PORT).toMatch(/^\d+$/);
  expect(environment).not.toHaveProperty('A_SECRET_OF_THE_USER');
  stream.session.destroy();
});

/** A container that has started a process which left its group and lost its parent. */
async function containerWithStray(prefix = '') {
  const command = ['sh', '-c', `(setsid ${prefix}sh -c 'echo $$; exec sleep 600' &); exec sleep 600`];
  const lines: string[] = [];
  const model = { ...scriptedModel(), command };
  const container = await new ProcessEngine().start({ model, name: 'x', onLine: ({ text }) => lines.push(text) });
  await until(() => lines.length > 0);
  const stray = Number(lines[0]);
  expect(isAlive(stray)).toBe(true);
  return { container, stray };
}

describe('nothing is left behind', () => {
  test('a container that ignores SIGTERM is killed after the grace', async () => {
    const container = await new ProcessEngine().start({
      model: scriptedModel({ IGNORE_SIGTERM: '1' }),
      name: 'x',
      onLine: () => {},
    });
    await until(() => container.output().includes('container is ready'));
    expect(await container.stop(100)).toEqual({ code: null, signal: 'SIGKILL' });
    expect(await container.stop(100)).toEqual({ code: null, signal: 'SIGKILL' });
  });

  test('what a container starts ends with it', async () => {
    const model = {
      ...scriptedModel(),
      command: [process.execPath, '-e', 'const c=require("child_process").spawn("sleep",["600"]);console.log(c.pid)'],
    };
    const lines: string[] = [];
    const container = await new ProcessEngine().start({ model, name: 'x', onLine: ({ text }) => lines.push(text) });
    await until(() => lines.length > 0);
    const grandchild = Number(lines[0]);
    expect(isAlive(grandchild)).toBe(true);
    await container.stop(2_000);
    await until(() => !isAlive(grandchild));
  });

  const linux = process.platform === 'linux' ? test : test.skip; // elsewhere no process tells its environment
  linux(
    'what a container starts in a process session of its own ends with it, though its parent was gone',
    async () => {
      const { container, stray } = await containerWithStray();
      container.kill('SIGKILL');
      await container.exited; // the stray process holds the output of the container open
      await until(() => !isAlive(stray));
    },
  );

  linux('what cannot be found does not keep the end of a container a secret', async () => {
    const { container, stray } = await containerWithStray('env -i ');
    const exit = await container.stop(2_000);
    expect(exit.signal).toBe('SIGTERM');
    process.kill(stray, 'SIGKILL');
  });

  test('a host that is killed outright takes its containers along', async () => {
    const script = join(temporaryDirectory(), 'host.ts');
    writeFileSync(
      script,
      `import { ProcessEngine } from ${JSON.stringify(join(__dirname, '../../../lib/local'))};
       new ProcessEngine().start({
         model: { name: 'm', directory: ${JSON.stringify(join(__dirname, '../support'))}, environment: {},
           command: ['sh', '-c', '${process.platform === 'linux' ? 'setsid ' : ''}sleep 600 & echo $! $$; exec sleep 600'] },
         name: 'x',
         onLine: ({ text }) => console.log(text),
       });`,
    );
    const host = spawn(process.execPath, [...TYPESCRIPT, script], {
      cwd: join(__dirname, '../../..'),
    });
    const line = await new Promise<string>(resolve => host.stdout.once('data', data => resolve(String(data))));
    const pids = line.trim().split(' ').map(Number);
    expect(pids.map(isAlive)).toEqual([true, true]);
    host.kill('SIGKILL');
    await until(() => !pids.some(isAlive));
  });

  test('close ends open streams, frees the port and may be called twice', async () => {
    const local = await startLocal();
    const stream = await SignedStream.open(local);
    await stream.part('x');
    await stream.nth(1);
    await Promise.all([local.close(), local.close(0)]);
    await stream.ended;
    expect(local.openSessions).toBe(0);
    const again = await startLocal({ port: Number(new URL(local.url).port) });
    expect(again.url).toBe(local.url);
    await again.close();
  });
});

test('the variables for SDKs', async () => {
  await using local = await startLocal({ tls: true, region: 'eu-west-1' });
  const { port } = new URL(local.url);
  const files = dirname(local.certificateAuthorityFile!);
  expect(local.environment()).toEqual({
    AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME_HTTP2: `https://localhost:${port}`,
    AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME: `https://localhost:${port}`,
    AWS_REGION: 'eu-west-1',
    AWS_DEFAULT_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: expect.stringMatching(/^AKIALOCAL[A-Z2-7]{11}$/) as unknown,
    AWS_SECRET_ACCESS_KEY: expect.stringMatching(/^[\w-]{40}$/) as unknown,
    NODE_EXTRA_CA_CERTS: local.certificateAuthorityFile,
    AWS_CA_BUNDLE: join(files, 'trusted.pem'),
    SSL_CERT_FILE: join(files, 'trusted.pem'),
    JAVA_TOOL_OPTIONS: `-Djavax.net.ssl.trustStore=${join(files, 'trusted.jks')} -Djavax.net.ssl.trustStorePassword=changeit`,
  });
  expect(readFileSync(local.certificateAuthorityFile!, 'utf8')).toBe(local.certificateAuthority);
});

test('without a port, 8443 or any', async () => {
  await using local = await startLocal({ port: undefined });
  expect(local.url).toMatch(/^http:\/\/localhost:\d+$/);
});

describe('watching', () => {
  test('a change replaces the container; open sessions finish on the old one', async () => {
    const directory = temporaryDirectory();
    const script = readFileSync(join(__dirname, '../support/scripted-container.js'), 'utf8');
    const write = (version: string) =>
      writeFileSync(
        join(directory, 'container.js'),
        script
          .replace("'ws'", JSON.stringify(require.resolve('ws')))
          .replace('...process.env,', `...process.env, VERSION: '${version}',`),
      );
    write('one');
    const events: LocalEvent[] = [];
    await using local = await LocalSageMaker.start({
      endpoints: [
        {
          name: 'echo',
          variants: [
            {
              name: 'AllTraffic',
              model: { name: 'm', directory, command: [process.execPath, 'container.js'], environment: {} },
            },
          ],
        },
      ],
      port: 0,
      tls: false,
      watch: true,
      observe: event => events.push(event),
    });
    const version = async (stream: SignedStream, nth: number): Promise<unknown> => {
      await stream.part('x');
      return (JSON.parse((await stream.nth(nth)).body.toString()) as { VERSION: string }).VERSION;
    };
    const query = { headers: { 'x-amzn-sagemaker-model-query-string': 'act=environment' } };
    const before = await SignedStream.open(local, query);
    expect(await version(before, 1)).toBe('one');

    write('two');
    await until(() => events.some(event => event.type === 'container-replaced'));
    expect(events.find(event => event.type === 'container-replaced')).toMatchObject({ openSessions: 1 });
    const after = await SignedStream.open(local, query);
    expect(await version(after, 1)).toBe('two');
    expect(await version(before, 2)).toBe('one');
    await before.end();
    await before.ended;

    // One that does not come up leaves the one that is there.
    writeFileSync(join(directory, 'container.js'), 'throw new Error("half saved")');
    await until(() => events.some(event => event.type === 'container-failed'));
    expect(events.find(event => event.type === 'container-failed')).toMatchObject({
      message: expect.stringContaining('half saved'),
      isServing: true,
    });
    expect(await version(after, 2)).toBe('two');
    after.session.destroy();
  });
});

test('ports that are handed out are free', async () => {
  const ports = await Promise.all(Array.from({ length: 20 }, () => freePort()));
  expect(ports.every(port => port > 0)).toBe(true);
  execFileSync(process.execPath, [
    '-e',
    `require('net').createServer().listen(${ports[0]},'127.0.0.1',function(){this.close()})`,
  ]);
});
