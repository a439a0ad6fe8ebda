import { appendFileSync, cpSync, mkdirSync, symlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { REPOSITORY } from '../interop/tool-directory';

/** What `cdk` and `bidi` need of the repository. */
const PARTS = ['bin', 'lib', 'container', 'examples', 'cdk.json', 'package.json', 'tsconfig.json'];

/** A copy of the source tree, so that a run can change a container without touching the user's. @returns its root */
export function copySourceTree(directory: string): string {
  const root = join(directory, 'source');
  mkdirSync(root);
  for (const part of PARTS) {
    const filter = (file: string) => !['node_modules', 'dist', 'cdk.out'].includes(basename(file));
    cpSync(join(REPOSITORY, part), join(root, part), { recursive: true, filter });
  }
  symlinkSync(join(REPOSITORY, 'node_modules'), join(root, 'node_modules'));
  return root;
}

/** Name of the environment variable that a container of the second edition gives itself. */
export const SECOND_EDITION = 'ECHO_SECOND_EDITION';

/** Changes the echo container as a developer would between two deployments: its probe then reports {@link SECOND_EDITION}. */
export function changeEchoContainer(root: string): void {
  appendFileSync(join(root, 'container', 'echo', 'src', 'server.ts'), `\nprocess.env.${SECOND_EDITION} = 'yes';\n`);
}
