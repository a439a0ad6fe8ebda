import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { onPath, run } from '../processes';
import { NotAvailableError } from '../scorecard';
import { toolDirectory } from '../tool-directory';

/**
 * Builds a Cargo package without optimisation, as locked.
 *
 * @returns path of the executable
 * @throws NotAvailableError without Cargo, or when its crates cannot be had
 */
export async function buildRustProgram(directory: string, executable: string): Promise<string> {
  const cargo = onPath('cargo');
  if (!cargo) throw new NotAvailableError('needs Cargo');
  const manifest = join(directory, 'Cargo.toml');
  try {
    await run(cargo, ['fetch', '--quiet', '--locked', '--manifest-path', manifest]);
  } catch (cause) {
    throw new NotAvailableError('its crates cannot be fetched', { cause });
  }
  const target = toolDirectory('rust');
  const build = ['build', '--quiet', '--locked', '--offline', '--manifest-path', manifest, '--target-dir', target];
  await run(cargo, build);
  return join(target, 'debug', executable);
}

/**
 * Installs a program from the registry of crates, without optimisation and without its default features.
 *
 * @returns path of the executable
 * @throws NotAvailableError without Cargo, or when the crate cannot be had
 */
export async function installRustProgram(name: string, version: string, features: string): Promise<string> {
  const root = join(toolDirectory('rust'), `${name}-${version}`);
  const executable = join(root, 'bin', name);
  if (existsSync(executable)) return executable;
  const cargo = onPath('cargo');
  if (!cargo) throw new NotAvailableError('needs Cargo');
  const install = ['install', `${name}@${version}`, '--quiet', '--locked', '--debug', '--root', root];
  try {
    await run(cargo, [...install, '--no-default-features', '--features', features]);
  } catch (cause) {
    throw new NotAvailableError(`${name} cannot be installed`, { cause });
  }
  return executable;
}
