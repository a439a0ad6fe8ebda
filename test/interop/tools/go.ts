import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { onPath, run } from '../processes';
import { NotAvailableError } from '../scorecard';
import { toolDirectory } from '../tool-directory';

/**
 * Installs a Go program from the module proxy.
 *
 * @param program package and version, such as `example.com/cmd/tool@v1.2.3`
 * @returns path of the executable
 * @throws NotAvailableError without Go, or when the module cannot be had
 */
export async function installGoProgram(program: string): Promise<string> {
  const [path, version] = program.split('@') as [string, string];
  const directory = toolDirectory(join('go', `${basename(path)}-${version}`));
  const executable = join(directory, basename(path));
  if (existsSync(executable)) return executable;
  const go = onPath('go');
  if (!go) throw new NotAvailableError('needs Go');
  try {
    await run(go, ['install', program], { env: { GOBIN: directory, GOFLAGS: '-mod=mod' } });
  } catch (cause) {
    throw new NotAvailableError(`${program} cannot be installed`, { cause });
  }
  return executable;
}

/**
 * Builds a Go program, as locked.
 *
 * @returns path of the executable
 * @throws NotAvailableError without Go, or when its modules cannot be had
 */
export async function buildGoProgram(directory: string, name: string): Promise<string> {
  const go = onPath('go');
  if (!go) throw new NotAvailableError('needs Go');
  const executable = join(toolDirectory('go'), name);
  try {
    await run(go, ['mod', 'download'], { cwd: directory });
  } catch (cause) {
    throw new NotAvailableError('its modules cannot be fetched', { cause });
  }
  await run(go, ['build', '-o', executable, '.'], { cwd: directory });
  return executable;
}
