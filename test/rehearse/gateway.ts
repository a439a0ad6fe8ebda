import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import { LocalSageMaker } from '../../lib/local';
import type { Cdk } from '../acceptance/cdk';
import { answers, end, freePort, run, start } from '../interop/processes';
import type { Scorecard } from '../interop/scorecard';
import { REPOSITORY } from '../interop/tool-directory';
import type { EmulatedAccount } from './emulated-account';
import type { ImageBuilder } from './image-builder';
import { containerProcess } from './image-engine';
import { readPushedImage } from './pushed-image';
import { ECR_HOST, REGION } from './rehearsal-account';

const CONTEXT = ['GatewayStack:endpointName=echo-bidi', 'publicLoadBalancer=false'];
const TOKEN = 'a-token-of-the-rehearsal';

/** The gateway's stack, and its image in front of a local SageMaker with the credentials of a task role. */
export async function rehearseGateway(cdk: Cdk, account: EmulatedAccount, scorecard: Scorecard): Promise<void> {
  const { deployed, registry, builder } = account;
  const outputs = await scorecard.check('cdk deploy GatewayStack -c endpointName=... -c publicLoadBalancer=false', () =>
    cdk.deploy('GatewayStack', CONTEXT),
  );
  if (!outputs) return;
  await scorecard.check('its outputs name the URL and the secret, and not the token', async () => {
    assert.match(outputs.GatewayUrl ?? '', /^ws:\/\/\S+$/);
    assert.match(outputs.TokenSecretArn ?? '', /^arn:aws:secretsmanager:us-east-1:\d{12}:secret:/);
    const types = await deployed.resourceTypes('GatewayStack');
    for (const type of [
      'AWS::ECS::Service',
      'AWS::ElasticLoadBalancingV2::LoadBalancer',
      'AWS::ApplicationAutoScaling::ScalingPolicy',
      'AWS::CloudWatch::Alarm',
    ]) {
      assert.ok(types.has(type), `no ${type} was created`);
    }
  });
  const tag = await scorecard.check(
    "the gateway's image is one linux/amd64 manifest, of a user without rights",
    async () => {
      const pushed = lastPushed(builder);
      const image = await readPushedImage(registry, pushed);
      assert.equal(`${image.os}/${image.architecture}`, 'linux/amd64');
      assert.equal(image.user, '1000:1000');
      assert.deepEqual(image.entrypoint.slice(0, 2), ['node', 'gateway.js']);
      return pushed;
    },
  );
  if (tag) await scorecard.check('the image, run, carries a session and ends in order', () => runGateway(account));
  await scorecard.check('cdk destroy GatewayStack', () => cdk.destroy(['GatewayStack'], CONTEXT));
}

/** URI of the image that the CDK CLI pushed last. */
function lastPushed({ log }: ImageBuilder): string {
  const pushed = [...readFileSync(log, 'utf8').matchAll(/^docker push (\S+)/gm)].at(-1)?.[1];
  if (!pushed?.startsWith(ECR_HOST)) throw new Error(`The image was pushed as ${pushed}.`);
  return pushed;
}

/** Tag under which the builder keeps the image that was built last. */
function lastBuilt({ log }: ImageBuilder): string {
  return [...readFileSync(log, 'utf8').matchAll(/^docker build --tag (\S+)/gm)].at(-1)![1]!;
}

async function runGateway({ builder, directory }: EmulatedAccount): Promise<void> {
  const { buildah } = builder;
  await using local = await startLocal();
  await using role = await TaskRole.start(local.credentials);
  const container = (await run(buildah, ['from', '--pull-never', lastBuilt(builder)])).stdout.trim();
  const authority = join(directory, 'gateway-authority.pem');
  writeFileSync(authority, local.certificateAuthority!);
  await run(buildah, ['copy', '--chmod', '644', container, authority, '/etc/authority.pem']);
  const [port, operationsPort] = [await freePort(), await freePort()];
  const environment = {
    BIDI_GATEWAY_TOKEN: TOKEN,
    AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME_HTTP2: local.url,
    AWS_CONTAINER_CREDENTIALS_FULL_URI: role.url,
    NODE_EXTRA_CA_CERTS: '/etc/authority.pem',
  };
  const variables = Object.entries(environment).flatMap(([name, value]) => ['--env', `${name}=${value}`]);
  const entryPoint = ['node', 'gateway.js', '--host', '0.0.0.0'];
  const options = ['--routes', '[{"endpointName":"echo-bidi"}]', '--region', REGION, '--drain', '5', '--json'];
  const ports = ['--port', String(port), '--operations-port', String(operationsPort)];
  const metrics = ['--embedded-metrics', 'GatewayStack/Gateway'];
  const words = [...entryPoint, ...options, ...ports, ...metrics];
  const log = join(directory, `${container}.log`);
  const child = start(buildah, ['run', '--isolation', 'chroot', ...variables, container, '--', ...words], log);
  const exited = once(child, 'exit');
  try {
    await answers(`http://127.0.0.1:${operationsPort}/readyz`, child, log);
    assert.match(readFileSync(`/proc/${containerProcess(child.pid!)}/status`, 'utf8'), /^Uid:\t1000\t/m);
    assert.equal(await openStatus(port), 401);
    assert.equal(await echoOf(port, 'through the image'), 'through the image');
    process.kill(containerProcess(child.pid!), 'SIGTERM');
    const [code] = await exited;
    assert.equal(code, 0);
  } finally {
    await end(child);
    await run(buildah, ['rm', container], { isPrinted: false });
  }
  const written = readFileSync(log, 'utf8');
  assert.ok(!written.includes(TOKEN), 'the token is in the log');
  const figures = written.split('\n').find(line => line.includes('"CloudWatchMetrics"'));
  assert.ok(figures, written);
  assert.equal(JSON.parse(figures).OpenedSessions, 1);
  assert.ok(role.requests > 0, 'the credentials were not asked of the task role');
}

function startLocal(): Promise<LocalSageMaker> {
  const model = {
    name: 'echo',
    environment: {},
    directory: join(REPOSITORY, 'container', 'echo'),
    command: ['node', '--require', 'esbuild-register', 'src/server.ts'],
  };
  return LocalSageMaker.start({
    endpoints: [{ name: 'echo-bidi', variants: [{ name: 'AllTraffic', model }] }],
    port: 0,
  });
}

/** The address at which Amazon ECS gives a task the credentials of its role. */
class TaskRole implements AsyncDisposable {
  requests = 0;
  private readonly server = createServer((_, response) => {
    this.requests += 1;
    response.writeHead(200, { 'content-type': 'application/json' }).end(
      JSON.stringify({
        AccessKeyId: this.credentials.accessKeyId,
        SecretAccessKey: this.credentials.secretAccessKey,
        Token: '',
        Expiration: new Date(Date.now() + 3_600_000).toISOString(),
      }),
    );
  });

  private constructor(private readonly credentials: { accessKeyId: string; secretAccessKey: string }) {}

  static async start(credentials: { accessKeyId: string; secretAccessKey: string }): Promise<TaskRole> {
    const role = new TaskRole(credentials);
    role.server.listen(0, '127.0.0.1');
    await once(role.server, 'listening');
    return role;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/credentials`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.close();
    this.server.closeAllConnections();
  }
}

/** HTTP status with which a WebSocket without a token is answered. */
async function openStatus(port: number): Promise<number | undefined> {
  const webSocket = new WebSocket(`ws://127.0.0.1:${port}/`);
  webSocket.on('error', () => undefined);
  const [, response] = await once(webSocket, 'unexpected-response');
  webSocket.terminate();
  return response.statusCode;
}

async function echoOf(port: number, text: string): Promise<string> {
  const webSocket = new WebSocket(`ws://127.0.0.1:${port}/`, { headers: { authorization: `Bearer ${TOKEN}` } });
  await once(webSocket, 'open');
  const echoed = once(webSocket, 'message');
  webSocket.send(text);
  const [data] = await echoed;
  webSocket.close(1000);
  await once(webSocket, 'close');
  return String(data);
}
