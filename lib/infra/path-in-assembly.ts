import * as fs from 'node:fs';
import * as path from 'node:path';
import { Stage } from 'aws-cdk-lib';
import type { Construct } from 'constructs';

/** Folder of the package that these constructs are in. */
const PACKAGE = path.join(__dirname, '..', '..');

/** A directory as the template's metadata names it: relative to the cloud assembly, so that both can move together. */
export function pathInAssembly(scope: Construct, directory: string): string {
  const { outdir } = Stage.of(scope)!;
  const absolute = path.resolve(directory);
  return path.relative(outdir, isTemporary(absolute) ? copyInto(outdir, absolute) : absolute);
}

/** For an app in Python, jsii unpacks this package into a folder of its own and removes it when the app ends. */
function isTemporary(directory: string): boolean {
  return process.env.JSII_AGENT !== undefined && directory.startsWith(PACKAGE + path.sep);
}

function copyInto(outdir: string, directory: string): string {
  const copy = path.join(outdir, `container.${path.basename(directory)}`);
  fs.cpSync(directory, copy, { recursive: true, dereference: true });
  return copy;
}
