import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../processes';
import { NotAvailableError } from '../scorecard';
import { toolDirectory } from '../tool-directory';

const FILES = ['package.json', 'package-lock.json'];

/**
 * The packages of a lock file, installed once and kept until the file changes. No script of theirs is run.
 *
 * @param directory of `package.json` and `package-lock.json`
 * @returns path of `node_modules`, for NODE_PATH
 * @throws NotAvailableError when the packages cannot be had
 */
export async function nodePackages(name: string, directory: string): Promise<string> {
  const installed = join(toolDirectory('node'), name);
  const modules = join(installed, 'node_modules');
  const stamp = join(installed, 'complete');
  const content = createHash('sha256')
    .update(readFileSync(join(directory, 'package-lock.json')))
    .digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === content) return modules;
  rmSync(installed, { recursive: true, force: true });
  mkdirSync(installed, { recursive: true });
  for (const file of FILES) copyFileSync(join(directory, file), join(installed, file));
  try {
    await run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: installed });
  } catch (cause) {
    throw new NotAvailableError('its packages cannot be installed', { cause });
  }
  writeFileSync(stamp, content);
  return modules;
}
