import * as path from 'node:path';
import type { SpeechProtocol } from '../contract';

/** A container that this kit brings: its folder, and the command that starts it there as a plain process. */
export interface KitContainer {
  /** Folder of its Dockerfile, absolute. */
  readonly directory: string;
  /** The command; `serve` is appended, as the platform does. */
  readonly command: readonly string[];
}

/** Whether this file runs from its source, through a loader for TypeScript. The published package holds JavaScript. */
export const FROM_SOURCE = path.extname(__filename) === '.ts';

/**
 * A container of this kit by the name of its folder. In the repository its TypeScript runs through the repository's loader;
 * the published package holds it bundled, because Node.js runs no TypeScript below `node_modules`.
 */
export function kitContainer(name: string): KitContainer {
  return {
    directory: path.join(__dirname, '..', '..', 'container', name),
    command: FROM_SOURCE
      ? ['node', '--require', 'esbuild-register', 'src/server.ts']
      : ['node', path.join('dist', 'server.js')],
  };
}

/** The stand-in for a speech model: it plays a script in that protocol alone. */
export function speechSimulator(
  protocol: SpeechProtocol,
): KitContainer & { readonly environment: Readonly<Record<string, string>> } {
  return { ...kitContainer('speech-simulator'), environment: { SIMULATOR_DIALECTS: protocol } };
}
