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
