import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkStatically, StaticCheckError } from '../../lib/check/static/static-check';
import { mkdtempDisposable } from './temporary-directory';

describe('a target that cannot be checked', () => {
  test('that is not there', async () => {
    using directory = mkdtempDisposable();
    await expect(checkStatically(directory.path)).rejects.toThrow(/There is no .*Dockerfile/);
    await expect(checkStatically('./absent')).rejects.toThrow(/looks like a path/);
  });

  test('an archive or a layout of an image, with the command that loads it', async () => {
    using directory = mkdtempDisposable();
    const archive = join(directory.path, 'image.tar');
    writeFileSync(archive, '');
    await expect(checkStatically(archive)).rejects.toThrow(/docker load --input/);
    writeFileSync(join(directory.path, 'oci-layout'), '{}');
    await expect(checkStatically(directory.path)).rejects.toThrow(/is an OCI layout/);
  });

  test('an image of another registry that no engine keeps', async () => {
    await expect(checkStatically('registry.example/team/echo:7', { pushed: true })).rejects.toThrow(
      /registry\.example is not Amazon ECR.*docker pull registry\.example\/team\/echo:7/s,
    );
  });

  test('a directory, a pipe or a file of another size in place of the Dockerfile', async () => {
    using directory = mkdtempDisposable();
    mkdirSync(join(directory.path, 'Dockerfile'));
    execFileSync('mkfifo', [join(directory.path, 'Dockerfile.pipe')]);
    writeFileSync(join(directory.path, 'Dockerfile.large'), Buffer.alloc(2 * 1024 * 1024, 'x'));
    for (const target of [directory.path, ...['pipe', 'large'].map(end => join(directory.path, `Dockerfile.${end}`))]) {
      await expect(checkStatically(target)).rejects.toThrow(StaticCheckError);
    }
  });
});
