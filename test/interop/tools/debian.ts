import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { onPath, run } from '../processes';
import { NotAvailableError } from '../scorecard';
import { toolDirectory } from '../tool-directory';

/**
 * Debian packages, unpacked into a directory instead of installed: neither the machine's packages nor its files are touched.
 *
 * @param packages names; what they depend on and this machine lacks comes with them
 * @param programs ELF programs of theirs that are going to be run, relative to the root; their libraries are found there too
 * @param patchelf path of the program that writes the libraries' place into them
 * @returns the root of the unpacked packages
 * @throws NotAvailableError where there is no apt, or the packages cannot be had
 */
export async function unpackDebianPackages(
  name: string,
  packages: readonly string[],
  programs: readonly string[],
  patchelf: string,
): Promise<string> {
  const root = join(toolDirectory('debian'), name);
  if (existsSync(root)) return root;
  if (!onPath('apt-get') || !onPath('dpkg-deb')) throw new NotAvailableError('needs Debian packages');
  const archives = `${root}-archives`;
  const unfinished = `${root}-unfinished`;
  for (const directory of [archives, unfinished]) rmSync(directory, { recursive: true, force: true });
  mkdirSync(join(archives, 'partial'), { recursive: true });
  const options = ['Debug::NoLocking=true', `Dir::Cache::archives=${archives}`].flatMap(option => ['-o', option]);
  const download = [
    'install',
    '--yes',
    '--quiet',
    '--no-install-recommends',
    '--download-only',
    ...options,
    ...packages,
  ];
  try {
    await run('apt-get', download).catch(async () => {
      await run('apt-get', ['update', '--quiet']); // a machine that never asked has no list of packages
      await run('apt-get', download);
    });
  } catch (cause) {
    throw new NotAvailableError(`Debian's ${packages.join(', ')} cannot be downloaded`, { cause });
  }
  for (const archive of readdirSync(archives).filter(file => file.endsWith('.deb'))) {
    await run('dpkg-deb', ['--extract', join(archives, archive), unfinished], { isPrinted: false });
  }
  rmSync(archives, { recursive: true });
  for (const program of programs) {
    const file = join(unfinished, program);
    if (!existsSync(file)) throw new NotAvailableError(`${file} came with none of ${packages.join(', ')}`);
    chmodSync(file, 0o755);
    // An absolute path: the program starts itself anew under another name, where a relative one would lead astray.
    await run(patchelf, ['--force-rpath', '--set-rpath', join(root, 'usr/lib/x86_64-linux-gnu'), file]);
  }
  renameSync(unfinished, root);
  return root;
}
