import { spawnSync } from 'node:child_process';

const CANDIDATES = [process.env.CHROME_PATH, 'chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** A Chromium on this machine, or `undefined`. */
export function findBrowser(): string | undefined {
  return CANDIDATES.find(name => name && spawnSync(name, ['--version'], { timeout: 10_000 }).status === 0);
}
