import { existsSync, readFileSync } from 'node:fs';
import type { Command } from 'commander';
import type { BidiSessionOptions, SageMakerRuntimeHTTP2Client, SageMakerRuntimeHTTP2ClientConfig } from '../lib/client';
import { isSpeechProtocol, regionOfRuntimeHost, type ServedModel, StackOutput } from '../lib/contract';
import { type LocalState, type LocalStateEndpoint, readLocalStates } from '../lib/local/local-state';
import { type AwsOptions, controlPlane, withAwsOptions } from './control-plane';
import { UsageError } from './usage-error';

/** Options of every command that streams. */
export interface StreamTargetOptions extends AwsOptions {
  readonly stack?: string;
  readonly endpoint?: string;
  /** `true` without a URL. */
  readonly local?: string | true;
  readonly fips?: boolean;
  readonly variant?: string;
}

/** The endpoint and the client of a stream. Dispose of it when the streams have ended. */
export type OpenStreamTarget = Required<Pick<BidiSessionOptions, 'endpointName' | 'client'>> &
  Pick<BidiSessionOptions, 'targetVariant'> &
  Disposable;

/** Where an endpoint was found. */
export interface FoundEndpoint {
  readonly endpointName: string;
  readonly region?: string;
  /** The local SageMaker that serves it. */
  readonly local?: LocalState;
  /** The model that it serves, where the stack or the local SageMaker tells it. */
  readonly serves?: ServedModel;
}

/** The file that `cdk deploy --outputs-file cdk-outputs.json` writes. */
const OUTPUTS_FILE = 'cdk-outputs.json';

/** Adds the options of {@link StreamTargetOptions} to a command. */
export function withStreamTarget(command: Command): Command {
  return withAwsOptions(
    command
      .option('--stack <name>', `stream to the endpoint of this stack (${OUTPUTS_FILE}, else CloudFormation)`)
      .option('--endpoint <name>', 'stream to the endpoint of this name')
      .option(
        '--local [url]',
        'stream to the local SageMaker (default: the one that serves it, else the one started last)',
      ),
  )
    .option('--variant <name>', 'production variant to stream to (default: the endpoint chooses)')
    .option('--fips', 'the FIPS 140 validated host of the region');
}

/** For the help of every command that streams. */
export const TARGET_HELP = `
Where to stream to:
  --local                      what \`bidi local STACK\` serves on this machine
  --stack NAME                 the endpoint of a deployed stack
  --endpoint NAME --region R   any endpoint, with credentials as the AWS CLI has

Exit codes: 0 success, 1 the stream could not be opened or broke, 2 invalid arguments, input or credentials, 130 ended by Ctrl-C (the output up to then is kept; a second Ctrl-C does not wait).`;

/**
 * Finds the endpoint that the options name and makes the client for it.
 *
 * @throws UsageError when they name none, or more than one
 */
export async function openStreamTarget(options: StreamTargetOptions): Promise<OpenStreamTarget> {
  return openFoundTarget(await findStreamTarget(options), options);
}

/** Makes the client for an endpoint that was found. */
export async function openFoundTarget(found: FoundEndpoint, options: StreamTargetOptions): Promise<OpenStreamTarget> {
  const client = await makeClient(found, options);
  return {
    endpointName: found.endpointName,
    targetVariant: options.variant,
    client,
    [Symbol.dispose]: () => client.destroy(),
  };
}

/**
 * The client for endpoints that are named elsewhere: of the local SageMaker where `--local` is given, else of AWS.
 *
 * @throws UsageError when there is no such local SageMaker
 */
export function openStreamClient(options: StreamTargetOptions): Promise<SageMakerRuntimeHTTP2Client> {
  return makeClient(options.local === undefined ? {} : { local: findLocal(options.local, options) }, options);
}

async function makeClient(
  found: Pick<FoundEndpoint, 'local' | 'region'>,
  options: StreamTargetOptions,
): Promise<SageMakerRuntimeHTTP2Client> {
  // Loaded late: a mistake in the options is told at once.
  const { SageMakerRuntimeHTTP2Client } = await import('../lib/client');
  return new SageMakerRuntimeHTTP2Client(clientConfiguration(found, options));
}

function clientConfiguration(
  { local, region }: Pick<FoundEndpoint, 'local' | 'region'>,
  options: StreamTargetOptions,
): SageMakerRuntimeHTTP2ClientConfig {
  if (options.profile !== undefined) process.env.AWS_PROFILE = options.profile;
  if (!local) return { region: options.region ?? region, useFipsEndpoint: options.fips };
  return {
    endpoint: local.url,
    region: local.region,
    credentials: local.credentials,
    requestHandler: { nodeHttp2ConnectOptions: { ca: authorityOf(local) } },
  };
}

/**
 * The endpoint that the options name, and what a client needs to reach it, for a command that makes clients of its own.
 *
 * @throws UsageError when they name none, or more than one
 */
export async function streamTargetConfiguration(
  options: StreamTargetOptions,
): Promise<{ readonly endpointName: string; readonly configuration: SageMakerRuntimeHTTP2ClientConfig }> {
  const found = await findStreamTarget(options);
  return { endpointName: found.endpointName, configuration: clientConfiguration(found, options) };
}

/**
 * Finds the endpoint that the options name.
 *
 * @throws UsageError when they name none, or more than one
 */
export async function findStreamTarget(options: StreamTargetOptions): Promise<FoundEndpoint> {
  if (options.local === undefined) return deployedEndpoint(options);
  const local = findLocal(options.local, options);
  return { ...localEndpoint(local, options), region: local.region, local };
}

function findLocal(url: string | true, options: StreamTargetOptions): LocalState {
  const states = readLocalStates();
  if (url === true && states.length > 1) return oneOfSeveral(states, options);
  const state = url === true ? states[0] : states.find(candidate => originOf(candidate.url) === originOf(url));
  if (state) return state;
  throw new UsageError({
    what: url === true ? 'No local SageMaker runs on this machine.' : `No local SageMaker runs at ${url}.`,
    why:
      states.length > 0
        ? `There is one at ${states.map(({ url }) => url).join(', ')}.`
        : 'None has been started, or it has ended.',
    next:
      states.length > 0
        ? 'Leave the URL out, or name that one.'
        : 'Start one in another terminal: npx bidi local STACK',
  });
}

/** The newest that serves the named endpoint; without a name, the one started last. */
function oneOfSeveral(states: readonly LocalState[], options: StreamTargetOptions): LocalState {
  const [newest] = states;
  if (options.stack === undefined && options.endpoint === undefined) {
    process.stderr.write(
      `${states.length} local SageMakers run here; this goes to the one started last,\n${newest!.url}. --local URL takes another.\n`,
    );
    return newest!;
  }
  const state = states.find(({ endpoints }) => endpoints.some(endpoint => isNamed(endpoint, options)));
  if (state) return state;
  throw new UsageError({
    what: `None of the ${states.length} local SageMakers that run here has such an endpoint.`,
    why: `${states.map(({ url, endpoints }) => `${url} serves ${listed(endpoints)}`).join('; ')}.`,
    next: 'Name one of these: --stack STACK or --endpoint NAME',
  });
}

function isNamed({ name, stack }: LocalStateEndpoint, wanted: StreamTargetOptions): boolean {
  return (
    (wanted.stack === undefined || stack === wanted.stack) &&
    (wanted.endpoint === undefined || name === wanted.endpoint)
  );
}

function listed(endpoints: readonly LocalStateEndpoint[]): string {
  return endpoints.map(({ name, stack }) => (stack ? `${name} (${stack})` : name)).join(', ') || 'no endpoint';
}

/** `localhost` and the loopback address are one origin. */
function originOf(url: string): string | undefined {
  if (!URL.canParse(url)) return undefined;
  const { protocol, hostname, port } = new URL(url);
  return `${protocol}//${hostname === '127.0.0.1' || hostname === '[::1]' ? 'localhost' : hostname}:${port}`;
}

function authorityOf({ certificateAuthorityFile }: LocalState): string | undefined {
  return certificateAuthorityFile === undefined ? undefined : readFileSync(certificateAuthorityFile, 'utf8');
}

function localEndpoint({ url, endpoints }: LocalState, options: StreamTargetOptions): FoundEndpoint {
  const candidates = endpoints.filter(candidate => isNamed(candidate, options));
  const found = onlyOne(
    candidates.map(({ name }) => name),
    `The local SageMaker at ${url}`,
    `It serves ${listed(endpoints)}.`,
  );
  return { ...found, serves: candidates[0]!.serves };
}

async function deployedEndpoint(options: StreamTargetOptions): Promise<FoundEndpoint> {
  const { stack, endpoint } = options;
  if (stack === undefined) {
    if (endpoint !== undefined) return { endpointName: endpoint };
    throw new UsageError({
      what: 'Nothing is named to stream to.',
      why: 'An endpoint is found by --local, --stack or --endpoint.',
      next: 'Try --local with `npx bidi local STACK` running, or --endpoint NAME --region REGION.',
    });
  }
  const written = writtenOutputs(stack);
  if (written && (endpoint === undefined || endpoint === written.endpointName)) return written;
  return stackEndpoint(stack, options);
}

/** The endpoint as the deployment wrote it down in the current directory. */
function writtenOutputs(stack: string): FoundEndpoint | undefined {
  if (!existsSync(OUTPUTS_FILE)) return undefined;
  let outputs: Record<string, Record<string, string> | undefined>;
  try {
    outputs = JSON.parse(readFileSync(OUTPUTS_FILE, 'utf8')) as typeof outputs;
  } catch (cause) {
    throw new UsageError(
      {
        what: `${OUTPUTS_FILE} cannot be read: ${(cause as Error).message}.`,
        why: 'It is no JSON; a deployment may have been interrupted while it was written.',
        next: `Delete it, or deploy again with --outputs-file ${OUTPUTS_FILE}.`,
      },
      { cause },
    );
  }
  const endpointName = outputs[stack]?.[StackOutput.ENDPOINT_NAME];
  const uri = outputs[stack]?.[StackOutput.RUNTIME_URI];
  if (endpointName === undefined) return undefined;
  return {
    endpointName,
    region: uri && URL.canParse(uri) ? regionOfRuntimeHost(new URL(uri).hostname) : undefined,
    serves: servedModel(outputs[stack]!),
  };
}

/** The model of a stack by its outputs. */
function servedModel(outputs: Readonly<Record<string, string | undefined>>): ServedModel | undefined {
  const protocol = outputs[StackOutput.PROTOCOL];
  const modelName = outputs[StackOutput.MODEL_NAME];
  const maxModelLen = Number(outputs[StackOutput.MAX_MODEL_LEN]);
  if (!isSpeechProtocol(protocol)) return undefined;
  return { protocol, ...(modelName && { modelName }), ...(maxModelLen > 0 && { maxModelLen }) };
}

async function stackEndpoint(stack: string, options: StreamTargetOptions): Promise<FoundEndpoint> {
  const { listStackResources, readStackOutputs } = await import('../lib/operate/aws');
  using plane = await controlPlane(options);
  const answer = await listStackResources(plane, stack);
  if (answer.kind !== 'answered') {
    throw new UsageError({
      what: `The endpoint of ${stack} cannot be looked up: ${answer.message}`,
      why: {
        absent: `There is no ${OUTPUTS_FILE} here that names it, and CloudFormation knows no such stack in this region and account.`,
        denied: `The caller lacks ${answer.kind === 'denied' ? answer.action : ''}.`,
        unauthenticated: 'There are no AWS credentials, or they are not valid.',
        unreachable: 'CloudFormation cannot be reached from here.',
        refused: 'CloudFormation answered with an error.',
      }[answer.kind],
      next:
        answer.kind === 'unauthenticated'
          ? 'Sign in, for example: aws sso login; or name a profile with --profile.'
          : 'Name the endpoint itself: --endpoint NAME --region REGION; or look at --region and --profile.',
    });
  }
  const endpointNames = answer.value
    .filter(({ ResourceType, PhysicalResourceId }) => ResourceType === 'AWS::SageMaker::Endpoint' && PhysicalResourceId)
    .map(({ PhysicalResourceId }) => PhysicalResourceId!.split('/').at(-1)!) // the physical ID is the ARN
    .filter(name => options.endpoint === undefined || name === options.endpoint);
  const found = onlyOne(endpointNames, `The stack ${stack}`, 'It has no endpoint of that name, or none yet.');
  const outputs = await readStackOutputs(plane, stack);
  // Without the right to read them, the command's options say what the outputs would.
  return outputs.kind === 'answered' ? { ...found, serves: servedModel(outputs.value) } : found;
}

function onlyOne(names: readonly string[], where: string, whatThereIs: string): FoundEndpoint {
  const [endpointName, ...others] = names;
  if (endpointName !== undefined && others.length === 0) return { endpointName };
  throw new UsageError({
    what: `${where} ${others.length > 0 ? 'has more than one endpoint' : 'has no such endpoint'}.`,
    why: others.length > 0 ? `They are ${names.join(', ')}.` : whatThereIs,
    next: 'Name one: --endpoint NAME',
  });
}
