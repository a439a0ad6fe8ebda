import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A directory that is gone when its block ends. */
export function mkdtempDisposable(): { readonly path: string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), 'bidi-check-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}
