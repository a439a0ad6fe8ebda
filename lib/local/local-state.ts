import { chmodSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { ServedModel } from '../contract';

/**
 * The state that a running local SageMaker writes for other commands of the same user, so that `bidi transcribe FILE --local` finds it.
 *
 * One file per running instance, `<port>.json` in {@link localStateDirectory}; written when the instance is in service and
 * removed when it closes. The credentials are the local SageMaker's own, never the user's.
 */
export interface LocalState {
  /** URL of the server, such as `https://localhost:8443`. */
  readonly url: string;
  /** Path of the PEM file with its certificate authority, for `NODE_EXTRA_CA_CERTS`; absent where it speaks without TLS. */
  readonly certificateAuthorityFile?: string;
  /** Region that requests have to be signed for. */
  readonly region: string;
  /** The key pair whose signatures it accepts. */
  readonly credentials: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string;
  };
  /** Names of the endpoints in service. */
  readonly endpoints: readonly LocalStateEndpoint[];
  /** Process that serves it: a file whose process is gone is stale. */
  readonly processId: number;
  /** When it went into service, ISO 8601. */
  readonly startedAt: string;
}

/** One endpoint in a {@link LocalState}. */
export interface LocalStateEndpoint {
  /** Name of the endpoint. */
  readonly name: string;
  /** Stack that it came from, where it came from one. */
  readonly stack?: string;
  /** The model that it serves, where the template knows it. */
  readonly serves?: ServedModel;
}

/** Directory of the state files: `sagemaker-bidi-kit/local` in the user's cache directory. */
export function localStateDirectory(environment: NodeJS.ProcessEnv = process.env): string {
  return join(cacheDirectory(environment), 'sagemaker-bidi-kit', 'local');
}

/** Writes the state, readable by this user only and whole at any moment; returns the file's path. */
export function writeLocalState(state: LocalState, environment: NodeJS.ProcessEnv = process.env): string {
  const directory = localStateDirectory(environment);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const file = stateFile(state.url, directory);
  const unfinished = `${file}.${process.pid}`;
  writeFileSync(unfinished, `${JSON.stringify(state, undefined, 2)}\n`, { mode: 0o600 });
  chmodSync(unfinished, 0o600); // `mode` counts only for a file that is created
  renameSync(unfinished, file);
  return file;
}

/** Removes the state that {@link writeLocalState} wrote for this URL. Without one it does nothing. */
export function removeLocalState(url: string, environment: NodeJS.ProcessEnv = process.env): void {
  rmSync(stateFile(url, localStateDirectory(environment)), { force: true });
}

/** The instances that run now, newest first. Files of processes that are gone, and files that cannot be read, are passed over. */
export function readLocalStates(environment: NodeJS.ProcessEnv = process.env): LocalState[] {
  const directory = localStateDirectory(environment);
  let files: string[];
  try {
    files = readdirSync(directory).filter(file => file.endsWith('.json'));
  } catch {
    return [];
  }
  return files
    .flatMap(file => readState(join(directory, file)) ?? [])
    .filter(state => isRunning(state.processId))
    .sort((one, other) => Date.parse(other.startedAt) - Date.parse(one.startedAt));
}

function readState(file: string): LocalState | undefined {
  try {
    const state = JSON.parse(readFileSync(file, 'utf8')) as LocalState;
    return typeof state.url === 'string' && Number.isInteger(state.processId) ? state : undefined;
  } catch {
    return undefined;
  }
}

function isRunning(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'; // the process exists, but belongs to another user
  }
}

function stateFile(url: string, directory: string): string {
  const { port, protocol } = new URL(url);
  return join(directory, `${port || (protocol === 'https:' ? 443 : 80)}.json`);
}

/** The user's cache directory by the platform's own convention. `XDG_CACHE_HOME` wins everywhere it is set. */
function cacheDirectory(environment: NodeJS.ProcessEnv): string {
  if (environment.XDG_CACHE_HOME) return environment.XDG_CACHE_HOME;
  if (process.platform === 'win32') return environment.LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local');
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches');
  return join(homedir(), '.cache');
}
