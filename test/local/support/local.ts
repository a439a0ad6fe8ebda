import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type EndpointDefinition,
  LocalSageMaker,
  type LocalSageMakerOptions,
  type ModelDefinition,
} from '../../../lib/local';

/** The model that runs the scripted container as a process. */
export function scriptedModel(environment: Record<string, string> = {}, name = 'scripted'): ModelDefinition {
  return { name, directory: __dirname, command: [process.execPath, 'scripted-container.js'], environment };
}

/** One endpoint `echo` with one instance of the scripted container. */
export function scriptedEndpoint(environment: Record<string, string> = {}, name = 'echo'): EndpointDefinition {
  return { name, variants: [{ name: 'AllTraffic', model: scriptedModel(environment) }] };
}

const directories: string[] = [];

/** Starts a local SageMaker on any free port, with a certificate of its own. */
export function startLocal(options: Partial<LocalSageMakerOptions> = {}): Promise<LocalSageMaker> {
  return LocalSageMaker.start({
    endpoints: [scriptedEndpoint()],
    port: 0,
    tls: false,
    certificateDirectory: temporaryDirectory(),
    ...options,
  });
}

/** A directory that goes when the tests of the file are over. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'bidi-local-'));
  directories.push(directory);
  return directory;
}

afterAll(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
});
