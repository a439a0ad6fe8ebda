import { statSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import type { EndpointDefinition, ModelDefinition } from '../lib/assembly';
import { DEFAULT_VARIANT_NAME } from '../lib/contract';
import { type Environment, readEnvironmentFile } from './environment-options';
import { cloudAssembly, type StackOptions } from './stack';
import { UsageError } from './usage-error';
import { words } from './words';

/** The options that say what `bidi local` hosts. */
export interface LocalSourceOptions extends StackOptions {
  /** Command that runs the containers as processes, instead of the one of the template. */
  readonly command?: string;
  /** Variables of the containers, beside those of the template. */
  readonly env?: Environment;
  /** File of variables; those of {@link env} count more. */
  readonly envFile?: string;
}

/**
 * The endpoints to host: of the stacks named, or one for each folder named, which needs no CDK app.
 *
 * @throws UsageError when stacks and folders are named together
 */
export async function localEndpoints(
  names: readonly string[],
  options: LocalSourceOptions,
): Promise<readonly EndpointDefinition[]> {
  const folders = names.filter(isFolder);
  if (folders.length > 0 && folders.length < names.length) {
    throw new UsageError({
      what: `Folders and stacks are named together: ${names.join(', ')}.`,
      why: 'A folder is hosted without a CDK app, a stack is read from one.',
      next: 'Name either.',
    });
  }
  const endpoints = folders.length > 0 ? folders.map(endpointOfFolder) : await endpointsOfStacks(names, options);
  const change = modelChange(options);
  return endpoints.map(endpoint => ({
    ...endpoint,
    variants: endpoint.variants.map(variant => ({ ...variant, model: change(variant.model) })),
  }));
}

async function endpointsOfStacks(stacks: readonly string[], options: StackOptions): Promise<EndpointDefinition[]> {
  const { readCloudAssembly } = await import('../lib/local');
  return readCloudAssembly(await cloudAssembly(stacks, options), { stacks });
}

/** An endpoint named after the folder, as the platform's names have to be. */
function endpointOfFolder(folder: string): EndpointDefinition {
  const directory = resolve(folder);
  const name =
    basename(directory)
      .replace(/[^A-Za-z0-9]+/g, '-')
      .replace(/^-|-$/g, '')
      .slice(0, 63) || 'model';
  return { name, variants: [{ name: DEFAULT_VARIANT_NAME, model: { name, environment: {}, directory } }] };
}

function modelChange({ command, env, envFile }: LocalSourceOptions): (model: ModelDefinition) => ModelDefinition {
  const environment = { ...(envFile === undefined ? {} : readEnvironmentFile(envFile)), ...env };
  const commandWords = command === undefined ? undefined : words(command);
  return model => ({
    ...model,
    environment: { ...model.environment, ...environment },
    ...(commandWords ? { command: commandWords, directory: model.directory ?? process.cwd() } : {}),
  });
}

/** A folder is written as a path: a stack's name has neither dot nor slash. */
function isFolder(name: string): boolean {
  if (!/[./\\]/.test(name)) return false;
  if (statSync(name, { throwIfNoEntry: false })?.isDirectory()) return true;
  throw new UsageError({
    what: `There is no folder ${name}.`,
    why: 'A name with a dot or a slash is a folder, every other one a stack.',
    next: 'Name the folder of the container, such as ./my-container.',
  });
}
