import { readFileSync } from 'node:fs';
import { Command, InvalidArgumentError, Option } from 'commander';
import { GATEWAY_DIALECTS, GATEWAY_TOKEN_VARIABLE, type GatewayDialect } from '../../lib/contract';
import type { BidiGateway, BidiGatewayOptions, EmbeddedMetrics, GatewayEvent, Route } from '../../lib/gateway';
import { printable } from '../../lib/report/printable';
import { ExitCode } from '../exit-code';
import { wrappedHelp } from '../help-text';
import { positiveNumber, runStreaming } from '../stream-command';
import {
  type FoundEndpoint,
  findStreamTarget,
  openFoundTarget,
  openStreamClient,
  type StreamTargetOptions,
  withStreamTarget,
} from '../stream-target';
import { UsageError } from '../usage-error';

interface GatewayCommandOptions extends StreamTargetOptions {
  readonly routes?: string;
  readonly dialect?: GatewayDialect;
  readonly model?: string;
  readonly maxModelLen?: number;
  readonly host: string;
  readonly port: number;
  readonly operationsPort?: number;
  readonly tokenFile?: string;
  readonly allowAnonymous?: boolean;
  readonly allowOrigin?: readonly string[];
  readonly allowHost?: readonly string[];
  readonly trustProxy?: boolean;
  readonly tlsCertificate?: string;
  readonly tlsKey?: string;
  readonly maxSessions?: number;
  readonly idleTimeout?: number;
  readonly drain: number;
  readonly probe: boolean;
  readonly json?: boolean;
  readonly embeddedMetrics?: string;
}

/** `bidi gateway`: WebSocket clients of any language stream to an endpoint by changing their URL. */
export function gatewayCommand(): Command {
  const command = new Command('gateway')
    .summary('let WebSocket clients of any language stream to an endpoint')
    .description(
      'Listens for WebSockets and opens a stream to the endpoint for each, signed with the credentials of this machine. Path and query of the URL go to the model; each frame becomes one event.',
    );
  return withStreamTarget(command)
    .option('--routes <file>', 'a JSON file with a list of routes, or the list itself, instead of one endpoint')
    .addOption(
      new Option(
        '--dialect <name>',
        "protocol of the clients: OpenAI's in front of vLLM, or Deepgram's, whose transcriptions then outlive the platform's 30 minutes",
      ).choices(GATEWAY_DIALECTS),
    )
    .option(
      '--model <name>',
      'name under which vLLM serves the model, with --dialect openai (default: of the stack, else /opt/ml/model)',
    )
    .option(
      '--max-model-len <tokens>',
      'length at which vLLM ends a turn, with --dialect openai (default: of the stack)',
      positiveNumber,
    )
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--port <number>', 'TCP port to listen on; 0 for any that is free', portNumber, 8080)
    .option('--operations-port <number>', 'TCP port of /healthz, /readyz and /metrics (default: any)', portNumber)
    .option('--token-file <file>', `tokens of clients, one a line (default: ${GATEWAY_TOKEN_VARIABLE}, else none)`)
    .option('--allow-anonymous', 'listen beyond this machine without a token')
    .option('--allow-origin <origin>', 'origin of web pages that may stream; may be repeated', collect)
    .option('--allow-host <name>', 'host name that a request may ask for; may be repeated', collect)
    .option('--trust-proxy', 'believe the X-Forwarded headers of the proxy in front')
    .option('--tls-certificate <file>', 'PEM certificate chain, to speak wss')
    .option('--tls-key <file>', 'PEM private key of the certificate')
    .option('--max-sessions <count>', 'sessions at a time (default: 1000)', positiveNumber)
    .option('--idle-timeout <seconds>', 'time without a message that ends a session (default: 300)', positiveNumber)
    .option('--drain <seconds>', 'time that open sessions have after SIGTERM', positiveNumber, 1_800)
    .option('--no-probe', 'do not try the endpoint at the start')
    .option('--json', 'events, one JSON object a line')
    .option(
      '--embedded-metrics <name>',
      "figures once a minute in CloudWatch's embedded metric format, as of this gateway",
    )
    .addHelpText('after', wrappedHelp(HELP))
    .action(async (options: GatewayCommandOptions) => {
      let isDrain = false;
      const drain = () => {
        isDrain = true;
      };
      process.once('SIGTERM', drain);
      try {
        await runStreaming('gateway', options, interrupted => serve(options, interrupted, () => isDrain));
      } finally {
        process.off('SIGTERM', drain);
      }
      if (isDrain && process.exitCode === ExitCode.INTERRUPTED) process.exitCode = ExitCode.OK;
    });
}

const HELP = `
A file of routes: [{ "endpointName": "speech", "path": "/speech", "rewritePath": "/" }]; also "host", "targetVariant", "dialect", "model" and "maxModelLen".

Exit codes: 0 ended by SIGTERM after draining, 1 no stream can be opened to an endpoint, 2 invalid arguments, input or credentials, 130 ended by Ctrl-C.

Examples:
  bidi gateway --local
  bidi gateway --stack DeepgramStack --port 8080
  ${GATEWAY_TOKEN_VARIABLE}=$(openssl rand -hex 32) bidi gateway --endpoint speech \\
    --region us-east-1 --host 0.0.0.0`;

async function serve(options: GatewayCommandOptions, interrupted: AbortSignal, isDrain: () => boolean): Promise<void> {
  const { client, routes } = await targetOf(options);
  try {
    const { BidiGateway, EmbeddedMetrics } = await import('../../lib/gateway');
    const { embeddedMetrics: name } = options;
    using metrics = name === undefined ? undefined : new EmbeddedMetrics(name, line => console.log(line));
    const gateway = await BidiGateway.start({ ...gatewayOptions(options, metrics), client, routes });
    announce(gateway, routes, options);
    await ended(interrupted);
    await close(gateway, isDrain() ? options.drain : 0);
  } finally {
    client.destroy?.();
  }
}

/** One endpoint as every command names it, or a table of routes. */
async function targetOf(options: GatewayCommandOptions): Promise<{
  readonly client: NonNullable<BidiGatewayOptions['client']> & { destroy?(): void };
  readonly routes: readonly Route[];
}> {
  if (options.routes === undefined) {
    const found = await findStreamTarget(options);
    const { client, endpointName, targetVariant } = await openFoundTarget(found, options);
    return { client, routes: [{ endpointName, targetVariant, ...dialectOf(options, found) }] };
  }
  const { endpoint, stack, dialect, model, maxModelLen } = options;
  if ([endpoint, stack, dialect, model, maxModelLen].some(value => value !== undefined)) {
    throw new UsageError({
      what: '--routes comes with --endpoint, --stack, --dialect, --model or --max-model-len.',
      why: 'The file says these for each route.',
      next: 'Leave one of them out.',
    });
  }
  return { client: await openStreamClient(options), routes: readRoutes(options.routes) };
}

/** The dialect, and with OpenAI's what the stack tells of its model unless the words do. */
function dialectOf(options: GatewayCommandOptions, { serves }: FoundEndpoint): Omit<Route, 'endpointName'> {
  const { dialect, model, maxModelLen } = options;
  const served = dialect === 'openai' && serves?.protocol === 'vllm' ? serves : undefined;
  return { dialect, model: model ?? served?.modelName, maxModelLen: maxModelLen ?? served?.maxModelLen };
}

/** @param given a file, or the list itself, which begins with a bracket */
function readRoutes(given: string): readonly Route[] {
  const isList = given.trimStart().startsWith('[');
  const text = isList ? given : readFileSync(given, 'utf8');
  try {
    return JSON.parse(text) as Route[];
  } catch (cause) {
    throw new UsageError(
      {
        what: `${isList ? '--routes' : given} is not JSON: ${(cause as Error).message}`,
        why: 'Routes are a JSON list.',
        next: 'Correct it.',
      },
      { cause },
    );
  }
}

function gatewayOptions(
  options: GatewayCommandOptions,
  metrics: EmbeddedMetrics | undefined,
): Omit<BidiGatewayOptions, 'routes' | 'client'> {
  const { tlsCertificate, tlsKey, maxSessions, idleTimeout, operationsPort } = options;
  if ((tlsCertificate === undefined) !== (tlsKey === undefined)) {
    throw new UsageError({
      what: 'One of --tls-certificate and --tls-key is missing.',
      why: 'TLS needs both.',
      next: 'Give both, or neither.',
    });
  }
  return {
    host: options.host,
    port: options.port,
    operations: operationsPort === undefined ? undefined : { port: operationsPort },
    tokens: readTokens(options.tokenFile),
    allowAnonymous: options.allowAnonymous,
    allowedOrigins: options.allowOrigin,
    allowedHosts: options.allowHost,
    trustProxy: options.trustProxy,
    tls:
      tlsCertificate === undefined
        ? undefined
        : { certificate: readFileSync(tlsCertificate, 'utf8'), key: readFileSync(tlsKey!, 'utf8') },
    limits: { sessions: maxSessions, idleMs: idleTimeout === undefined ? undefined : idleTimeout * 1_000 },
    probe: options.probe,
    observe: event => {
      metrics?.observe(event);
      print(event, options.json === true);
    },
  };
}

function readTokens(file: string | undefined): string[] | undefined {
  const text = file === undefined ? process.env[GATEWAY_TOKEN_VARIABLE] : readFileSync(file, 'utf8');
  const tokens = text
    ?.split('\n')
    .map(line => line.trim())
    .filter(line => line !== '' && !line.startsWith('#'));
  if (file !== undefined && tokens!.length === 0) {
    throw new UsageError({ what: `${file} holds no token.`, why: 'It is empty.', next: 'Write one token a line.' });
  }
  return tokens;
}

function announce(gateway: BidiGateway, routes: readonly Route[], { json }: GatewayCommandOptions): void {
  const { url, operationsPort } = gateway;
  if (json) {
    console.log(JSON.stringify({ type: 'listening', url, operationsPort }));
    return;
  }
  for (const { host = '', path = '/', endpointName } of routes) {
    console.log(`${host ? `${host} at ` : ''}${url}${path === '/' ? '' : path}  →  ${endpointName}`);
  }
  if (operationsPort !== undefined)
    console.log(`health and figures: http://${new URL(url).hostname}:${operationsPort}/readyz, /metrics`);
}

/** Resolves at Ctrl-C and SIGTERM. */
function ended(interrupted: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (interrupted.aborted) resolve();
    else interrupted.addEventListener('abort', () => resolve(), { once: true });
  });
}

async function close(gateway: BidiGateway, drainSeconds: number): Promise<void> {
  if (gateway.sessions > 0 && drainSeconds > 0) {
    process.stderr.write(`Draining: ${gateway.sessions} sessions are open. Ctrl-C does not wait.\n`);
  }
  await gateway.close(drainSeconds * 1_000);
}

function print(event: GatewayEvent, json: boolean): void {
  if (json) {
    console.log(JSON.stringify(event));
  } else if (event.type === 'session-ended') {
    const { session, endpointName, path, durationMs, received, sent, endedBy, close, error } = event;
    const seconds = (durationMs / 1_000).toFixed(1);
    const end = `${endedBy} closed with ${close.code}${close.reason ? ` (${printable(close.reason)})` : ''}`;
    console.log(
      `session ${session} ${endpointName} ${printable(path)}: ${seconds} s, ${received.bytes} bytes in, ${sent.bytes} bytes out, ${end}${error ? `, ${error}` : ''}`,
    );
  } else if (event.type === 'refused') {
    console.log(`refused ${printable(event.path)}: ${event.statusCode}, ${printable(event.message)}`);
  } else if (event.type === 'not-ready') {
    process.stderr.write(`${event.endpointName} takes no streams yet: ${printable(event.message)}\n`);
  }
}

function portNumber(text: string): number {
  const port = Number(text);
  if (!(Number.isInteger(port) && port >= 0 && port <= 65_535))
    throw new InvalidArgumentError('It has to be 0 to 65535.');
  return port;
}

function collect(value: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, value];
}
