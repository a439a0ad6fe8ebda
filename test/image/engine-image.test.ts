import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkImage, ImageError, readEngineImage } from '../../lib/image';
import { mkdtempDisposable } from '../check/temporary-directory';
import { caught, OCI_INDEX, SOUND } from './made-image';

test('an image that an engine keeps is read from the engine', async () => {
  using directory = mkdtempDisposable();
  const inspected = [
    {
      Architecture: 'amd64',
      Os: 'linux',
      Size: 5e7,
      Config: { ...SOUND, User: 'app' },
      RootFS: { Layers: ['a', 'b'] },
      Descriptor: { mediaType: OCI_INDEX },
    },
  ];
  writeFileSync(join(directory.path, 'inspected.json'), JSON.stringify(inspected));
  const engines = ['absent', 'docker', 'podman'].map(engine => join(directory.path, engine));
  for (const engine of ['docker', 'podman']) {
    // Podman alone has the image; the other says that it does not.
    const script =
      engine === 'podman' ? `[ "$3" = echo:1 ] && exec cat "${directory.path}/inspected.json"; exit 1` : 'exit 1';
    writeFileSync(join(directory.path, engine), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }
  const image = await readEngineImage('echo:1', engines);
  expect(image).toMatchObject({ layerCount: 2, totalBytes: 5e7, compressed: false });
  expect(caught(checkImage(image!))).toEqual({ 'user-root': 'fail', 'single-manifest': 'fail' });
  expect(await readEngineImage('other:1', engines)).toBeUndefined();
});

test.each([
  ['text', 'hello'],
  ['an object', '{}'],
  ['a list of something else', '[7]'],
  ['an entry point that is no list', '[{"Config":{"Entrypoint":"x"}}]'],
])('%s instead of an inspected image is refused', async (_name, output) => {
  using directory = mkdtempDisposable();
  const engine = join(directory.path, 'docker');
  writeFileSync(engine, `#!/bin/sh\necho '${output}'\n`, { mode: 0o755 });
  await expect(readEngineImage('echo:1', [engine])).rejects.toThrow(ImageError);
});
