import { existsSync } from 'node:fs';
import type { Stack } from '../lib/assembly';
import { synthesize } from './synthesize';

/** Options by which a command finds a stack. */
export interface StackOptions {
  /** Directory of a cloud assembly that is taken as it is, instead of running the app. */
  readonly app?: string;
  /** Context for the app. */
  readonly context?: Readonly<Record<string, string>>;
}

/** Directory in which the CDK leaves the cloud assembly by default. */
const ASSEMBLY = 'cdk.out';

/**
 * The stack as `cdk deploy` would send it: the app of cdk.json is run, or a cloud assembly is read as it is.
 *
 * @throws UnknownStackError when there is no stack of that name
 */
export async function readStack(name: string, options: StackOptions = {}): Promise<Stack> {
  const { findStacks, readStacks } = await import('../lib/assembly');
  return findStacks(readStacks(await cloudAssembly([name], options)), [name])[0]!;
}

/** The stack of a cloud assembly that is already there; `undefined` where there is none. */
export async function readStackIfThere(name: string, directory = ASSEMBLY): Promise<Stack | undefined> {
  if (!existsSync(directory)) return undefined;
  const { readStacks, CloudAssemblyError } = await import('../lib/assembly');
  try {
    return readStacks(directory).find(stack => stack.names.includes(name));
  } catch (error) {
    if (error instanceof CloudAssemblyError) return undefined;
    throw error;
  }
}

/**
 * The directory of the cloud assembly that holds the stacks: the app of cdk.json is run, or a directory is taken as it is.
 *
 * @param stacks stacks that have to be free of errors; none means every one.
 */
export async function cloudAssembly(stacks: readonly string[], { app, context }: StackOptions = {}): Promise<string> {
  if (app !== undefined) return app;
  if (!existsSync('cdk.json') && existsSync(ASSEMBLY)) return ASSEMBLY;
  return synthesize({
    directory: '.',
    stacks: stacks.length > 0 ? stacks : undefined,
    context,
  });
}
