import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EndpointDefinition, LocalSageMaker } from '../../../lib/local';
import { writeLocalState } from '../../../lib/local/local-state';
import { BIDI, TYPESCRIPT } from '../../typescript-process';

const ROOT = join(__dirname, '..', '..', '..');

/** A container of this repository as an endpoint of the local SageMaker, started as a process. */
export function containerEndpoint(name: string, directory: string, stack: string): EndpointDefinition {
  const command = ['node', ...TYPESCRIPT, 'src/server.ts'];
  const model = { name, environment: {}, directory: join(ROOT, 'container', directory), command };
  return { name, stack, variants: [{ name: 'AllTraffic', model }] };
}

/** A container that does what the query says (`act=…`): closes, cuts, exits, answers a part or nothing. */
function misbehavingEndpoint(name: string): EndpointDefinition {
  const directory = join(ROOT, 'test', 'local', 'support');
  const model = { name, environment: {}, directory, command: ['node', 'scripted-container.js'] };
  return { name, variants: [{ name: 'AllTraffic', model }] };
}

/** What a run of `bidi` left behind. */
export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A local SageMaker with the echo container and the Deepgram simulator, or one with a container that misbehaves, and a cache directory in which the commands find it. */
export class LocalModels implements AsyncDisposable {
  static start(): Promise<LocalModels> {
    return LocalModels.serving([
      containerEndpoint('echo', 'echo', 'EchoBidiStack'),
      containerEndpoint('deepgram', 'speech-simulator', 'DeepgramStack'),
    ]);
  }

  /** One endpoint of each name, so that the end of one container's process is not met by the others' streams. */
  static startMisbehaving(...names: string[]): Promise<LocalModels> {
    return LocalModels.serving(names.map(misbehavingEndpoint));
  }

  private static async serving(endpoints: readonly EndpointDefinition[]): Promise<LocalModels> {
    const local = await LocalSageMaker.start({ endpoints, port: 0 });
    const models = new LocalModels(local, mkdtempSync(join(tmpdir(), 'bidi-commands-')));
    writeLocalState(
      {
        url: local.url,
        certificateAuthorityFile: local.certificateAuthorityFile,
        region: local.region,
        credentials: local.credentials,
        endpoints: endpoints.map(({ name, stack }) => ({ name, stack })),
        processId: process.pid,
        startedAt: new Date().toISOString(),
      },
      models.environment,
    );
    return models;
  }

  private constructor(
    readonly local: LocalSageMaker,
    readonly directory: string,
  ) {}

  /** Variables for a program that is to find the local SageMaker, and nothing of whoever runs the tests. */
  get environment(): NodeJS.ProcessEnv {
    return { PATH: process.env.PATH, HOME: this.directory, XDG_CACHE_HOME: this.directory };
  }

  /** Starts `bidi`, to be awaited with {@link finished}. */
  bidi(words: readonly string[], environment: NodeJS.ProcessEnv = this.environment): ChildProcess {
    return spawn(process.execPath, [...BIDI, ...words], {
      cwd: ROOT,
      env: environment,
      stdio: 'pipe',
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.local.close();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** Waits for the end of a program that was started with pipes; writes its input first. */
export async function finished(child: ChildProcess, input?: string | Uint8Array): Promise<Finished> {
  const output = { stdout: '', stderr: '' };
  child.stdout!.setEncoding('utf8').on('data', text => {
    output.stdout += text;
  });
  child.stderr!.setEncoding('utf8').on('data', text => {
    output.stderr += text;
  });
  if (input !== undefined) child.stdin!.end(input);
  const code = await new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve));
  return { code, ...output };
}
