import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { SageMakerRuntimeHTTP2Client } from '../../../lib/client';
import { end, run, start } from '../processes';
import { NotAvailableError } from '../scorecard';
import { REPOSITORY } from '../tool-directory';
import { pythonEnvironment } from '../tools/python';

const BIDI = join(REPOSITORY, 'bin', 'bidi.js');

/** Synthesis of the app, and the start of vLLM on a busy machine, in milliseconds. */
const START_TIMEOUT_MS = 5 * 60_000;

/** Name under which the model is served. */
export const MODEL = 'tiny';

/** Tokens of context; one token is 80 ms of audio, so a session ends after about 38 s. */
export const MAX_MODEL_LENGTH = 512;

/** Sessions that are transcribed at a time; others wait. */
export const MAX_SEQUENCES = 4;

/** The real vLLM, which `bidi local VllmStack --command` runs as a process. */
export class VllmServer implements AsyncDisposable {
  /** Stack that is hosted. */
  static readonly STACK = 'VllmStack';

  /** @throws NotAvailableError where vLLM cannot be installed */
  static async start(directory: string): Promise<VllmServer> {
    if (process.platform !== 'linux' || process.arch !== 'x64') {
      throw new NotAvailableError('its CPU build is for Linux on x86-64');
    }
    const requirements = join(__dirname, 'requirements.txt');
    const versions = { from: '3.12', to: '3.12' };
    const executables = await pythonEnvironment('vllm', versions, requirements, { withDependencies: false });
    const python = join(executables, 'python');
    const model = join(directory, 'voxtral-tiny');
    await run(python, ['-B', join(__dirname, 'make_model.py'), model]);
    const readyFile = join(directory, 'vllm-ready.json');
    const log = join(directory, 'vllm.log');
    const settings = [
      'hubModel=example/voxtral-tiny',
      `servedModelName=${MODEL}`,
      `maxModelLen=${MAX_MODEL_LENGTH}`,
      `maxSequences=${MAX_SEQUENCES}`,
    ].flatMap(setting => ['--context', setting]);
    const words = ['local', VllmServer.STACK, ...settings, '--command', command(python, model)];
    const environment = { XDG_CACHE_HOME: directory };
    const child = start(
      process.execPath,
      [BIDI, ...words, '--env', 'HF_HUB_OFFLINE=1', '--env', 'VLLM_CPU_KVCACHE_SPACE=1'].concat([
        '--port',
        '0',
        '--no-inspector',
        '--ready-file',
        readyFile,
        '--json',
      ]),
      log,
      { cwd: REPOSITORY, env: environment },
    );
    for (const deadline = Date.now() + START_TIMEOUT_MS; !existsSync(readyFile); await delay(100)) {
      const isLate = Date.now() > deadline;
      if (child.exitCode === null && !isLate) continue;
      await end(child);
      throw new Error(`${isLate ? 'It is not ready' : 'It ended'}:\n${readFileSync(log, 'utf8').slice(-4_000)}`);
    }
    return new VllmServer(
      () => end(child),
      JSON.parse(readFileSync(readyFile, 'utf8')),
      containerPort(log),
      environment,
    );
  }

  /** `https://localhost:PORT` of the local SageMaker. */
  readonly url: string;
  readonly endpointName: string;
  readonly client: SageMakerRuntimeHTTP2Client;
  /** Variables by which another program finds and trusts the local SageMaker. */
  readonly environment: Readonly<Record<string, string>>;

  private constructor(
    private readonly stop: () => Promise<void>,
    ready: { readonly url: string; readonly endpoints: [string]; readonly environment: Record<string, string> },
    /** Where vLLM itself listens, past the local SageMaker. */
    readonly containerPort: number,
    private readonly commandEnvironment: NodeJS.ProcessEnv,
  ) {
    this.url = ready.url;
    [this.endpointName] = ready.endpoints;
    this.environment = ready.environment;
    const { AWS_REGION: region, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, NODE_EXTRA_CA_CERTS } = ready.environment;
    this.client = new SageMakerRuntimeHTTP2Client({
      endpoint: ready.url,
      region,
      credentials: { accessKeyId: AWS_ACCESS_KEY_ID!, secretAccessKey: AWS_SECRET_ACCESS_KEY! },
      requestHandler: { nodeHttp2ConnectOptions: { ca: readFileSync(NODE_EXTRA_CA_CERTS!) } },
    });
  }

  /** Runs a `bidi` command that finds this local SageMaker by `--local`. */
  bidi(words: readonly string[], exitCodes?: readonly number[]) {
    return run(process.execPath, [BIDI, ...words], { cwd: REPOSITORY, env: this.commandEnvironment, exitCodes });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.client.destroy();
    await this.stop();
  }
}

/** As docs/models.md gives it: the template's settings reach vLLM as the variables that AWS's container turns into flags. */
function command(python: string, model: string): string {
  const flags = [
    `--model ${model} --tokenizer-mode mistral --config-format mistral --load-format dummy --enforce-eager`,
    '--served-model-name $SM_VLLM_SERVED_MODEL_NAME --max-model-len $SM_VLLM_MAX_MODEL_LEN',
    '--max-num-seqs $SM_VLLM_MAX_NUM_SEQS --host 127.0.0.1 --port $SAGEMAKER_BIND_TO_PORT',
  ];
  return `sh -c "exec ${python} -m vllm.entrypoints.openai.api_server ${flags.join(' ')}"`;
}

function containerPort(log: string): number {
  const lines = readFileSync(log, 'utf8').split('\n');
  const inService = lines.find(line => line.includes('"type":"container-in-service"'));
  return JSON.parse(inService!).port;
}
