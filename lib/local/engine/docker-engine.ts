import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { localEnvironment, type ModelDefinition } from '../../assembly/endpoint-definition';
import { localValue } from '../../assembly/value';
import {
  CONTAINER_PORT,
  type ContainerExit,
  IMAGE_PLATFORM,
  MODEL_DIRECTORY,
  NO_ATTESTATIONS_VARIABLE,
  type RunningContainer,
  SERVE_ARGUMENT,
  STOP_GRACE_MS,
} from '../../contract';
import { ContainerStartError } from '../local-errors';
import type { ContainerEngine, ContainerLine, ContainerStart } from './container-engine';
import { ContainerOutput } from './container-output';
import { freePort } from './process-engine';
import { watchdog } from './watchdog';

/** Command lines that build and run images in the same words. */
export const DOCKER_COMMANDS = ['docker', 'podman', 'finch'] as const;
/** One of {@link DOCKER_COMMANDS}. */
export type DockerCommand = (typeof DOCKER_COMMANDS)[number];

const run = promisify(execFile);

/** The pattern of an image's name, so that none is taken for an option of the engine's command line. */
const IMAGE_NAME = /^[a-z0-9][\w.:/@+-]*$/i;

/** Milliseconds that an engine has to answer. */
const DETECTION_TIMEOUT_MS = 5_000;

/** The first container engine that answers on this machine, or undefined. */
export async function detectDockerCommand(): Promise<DockerCommand | undefined> {
  for (const command of DOCKER_COMMANDS) {
    try {
      await run(command, ['info'], { timeout: DETECTION_TIMEOUT_MS });
      return command;
    } catch {
      // not installed, or its daemon does not run
    }
  }
  return undefined;
}

/**
 * Runs a model's image with Docker, Podman or Finch, as the platform runs it: `run IMAGE serve`, port 8080 inside, a model directory
 * that cannot be written (an empty one: model data is not downloaded).
 *
 * Network isolation is not imitated: without a network no port can be published, and Docker publishes none of an `--internal` network
 * either (moby/moby#36174).
 */
export class DockerEngine implements ContainerEngine {
  /** The engine's command line, such as `docker`. */
  readonly name: string;
  private readonly builds = new Map<string, Promise<void>>();

  /**
   * @param command the engine's command line.
   */
  constructor(private readonly command: string) {
    this.name = command;
  }

  /** Builds the image of a directory. Calls that come while a build of the same image runs share it. */
  async prepare(model: ModelDefinition, onLine: (line: ContainerLine) => void): Promise<void> {
    if (!model.directory) return;
    const tag = imageOf(model);
    const running = this.builds.get(tag);
    if (running) return running;
    const build = this.build(model, model.directory, tag, onLine).finally(() => this.builds.delete(tag));
    this.builds.set(tag, build);
    return build;
  }

  async start({ model, name, onLine }: ContainerStart): Promise<RunningContainer> {
    const image = imageOf(model);
    const port = await freePort();
    const containerName = `sagemaker-bidi-${name.replace(/[^\w.-]+/g, '-')}-${randomUUID().slice(0, 8)}`;
    const environment = Object.entries(localEnvironment(model)).flatMap(([key, value]) => ['--env', `${key}=${value}`]);
    const child = spawn(
      this.command,
      [
        'run',
        '--rm',
        '--name',
        containerName,
        '--platform',
        IMAGE_PLATFORM,
        '--publish',
        `127.0.0.1:${port}:${CONTAINER_PORT}`,
        '--tmpfs',
        `${MODEL_DIRECTORY}:ro`,
        ...environment,
        '--',
        image,
        SERVE_ARGUMENT,
      ],
      { stdio: ['ignore', 'pipe', 'pipe'], detached: true },
    );
    const output = new ContainerOutput(onLine);
    output.read(child.stdout, 'stdout');
    output.read(child.stderr, 'stderr');
    await this.spawned(child, model);
    return new DockerContainer(child, this.command, containerName, port, output);
  }

  private async build(
    model: ModelDefinition,
    directory: string,
    tag: string,
    onLine: (line: ContainerLine) => void,
  ): Promise<void> {
    const build = [
      ...['build', '--platform', IMAGE_PLATFORM, '--file', join(directory, model.file ?? 'Dockerfile')],
      ...(model.target === undefined ? [] : ['--target', model.target]),
      ...Object.entries(model.buildArgs ?? {}).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]),
    ];
    const child = spawn(this.command, [...build, '--tag', tag, '--', directory], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, [NO_ATTESTATIONS_VARIABLE]: '1' },
    });
    const output = new ContainerOutput(onLine);
    output.read(child.stdout, 'stdout');
    output.read(child.stderr, 'stderr');
    await this.spawned(child, model);
    const [code] = (await once(child, 'close')) as [number | null];
    if (code === 0) return;
    throw new ContainerStartError({
      what: `The image of model ${model.name} cannot be built: ${this.command} build ended with exit code ${code}.`,
      why: output.lines().slice(-10).join('\n') || 'It wrote nothing.',
      next: `Run it by hand: ${[this.command, ...build, directory].join(' ')}`,
    });
  }

  private async spawned(child: ChildProcess, model: ModelDefinition): Promise<void> {
    try {
      await once(child, 'spawn');
    } catch (cause) {
      throw new ContainerStartError(
        {
          what: `Model ${model.name} cannot start: ${this.command} does not run (${(cause as NodeJS.ErrnoException).code}).`,
          why: `${this.command} is not installed, or not on the PATH.`,
          next: 'Install it, or run with --engine process where the template names a command.',
        },
        { cause },
      );
    }
  }
}

class DockerContainer implements RunningContainer {
  readonly host = '127.0.0.1';
  readonly exited: Promise<ContainerExit>;
  private hasExited = false;

  constructor(
    child: ChildProcess,
    private readonly command: string,
    private readonly containerName: string,
    readonly port: number,
    private readonly recorded: ContainerOutput,
  ) {
    const callOff = watchdog('"$1" rm --force "$2"', command, containerName);
    this.exited = new Promise(resolve => {
      child.once('close', (code, signal) => {
        this.hasExited = true;
        callOff();
        resolve({ code, signal });
      });
    });
  }

  output(): readonly string[] {
    return this.recorded.lines();
  }

  kill(signal: NodeJS.Signals): void {
    if (this.hasExited) return;
    execFile(this.command, ['kill', '--signal', signal, this.containerName], () => {}); // `exited` reports its end
  }

  async stop(graceMs = STOP_GRACE_MS): Promise<ContainerExit> {
    this.kill('SIGTERM');
    const deadline = setTimeout(() => this.kill('SIGKILL'), graceMs);
    try {
      return await this.exited;
    } finally {
      clearTimeout(deadline);
    }
  }
}

/** The image that a model runs: built from its directory under a name of this kit, else the one in the registry. */
function imageOf(model: ModelDefinition): string {
  if (model.directory) {
    const key = createHash('sha256')
      .update(JSON.stringify([model.directory, model.file, model.target, model.buildArgs]))
      .digest('hex')
      .slice(0, 16);
    return `sagemaker-bidi-local:${key}`;
  }
  const imageUri = localValue(model.imageUri);
  if (imageUri !== undefined) {
    if (IMAGE_NAME.test(imageUri)) return imageUri;
    throw new ContainerStartError({
      what: `Model ${model.name} names the image "${imageUri}", which is no name of an image.`,
      why: 'A name of an image begins with a letter or a digit and holds no spaces.',
      next: 'Name it as docker pull takes it, such as public.ecr.aws/acme/speech:7.',
    });
  }
  throw new ContainerStartError({
    what: `Model ${model.name} names neither a directory nor an image.`,
    why: model.modelPackageArn
      ? 'It is a model package, which runs on the platform only.'
      : 'Its PrimaryContainer has no Image that can be resolved without a deployment.',
    next: model.modelPackageArn
      ? 'Run its stand-in: npx bidi local --simulate STACK.'
      : 'Name an image, or build one from a directory.',
  });
}
