import { match, ok, rejects } from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { Browser } from 'playwright-core';
import { REPOSITORY } from '../tool-directory';

/** Time for the demo to synthesize and to play its recording, on a machine that is busy with others. */
const PATIENCE_MS = 90_000;

/** `npm run demo -- --keep` in a process group of its own, as a terminal has it. */
export class KeptDemo {
  static start(): KeptDemo {
    const child = spawn('npm', ['run', '--silent', 'demo', '--', '--keep'], {
      cwd: REPOSITORY,
      detached: true,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    return new KeptDemo(child);
  }

  private output = '';
  private readonly stays: Promise<void>;
  private readonly ended: Promise<unknown[]>;

  private constructor(private readonly child: ChildProcess) {
    this.ended = once(child, 'exit');
    this.stays = new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`It did not stay up:\n${this.output}`)), PATIENCE_MS);
      child.stdout!.on('data', piece => {
        this.output += piece;
        if (!this.output.includes('Ctrl-C stops it.')) return;
        clearTimeout(late);
        resolve();
      });
      child.once('exit', () => {
        clearTimeout(late);
        reject(new Error(`It ended:\n${this.output}`));
      });
    });
    this.stays.catch(() => {}); // thrown by check()
  }

  /** Its page shows what the demo streamed, and Ctrl-C ends it, with all that it started and the port of the page. */
  async check(browser: Browser): Promise<void> {
    await this.stays;
    const [url = ''] = /http:\/\/localhost:\d+\/[\w-]+\//.exec(this.output) ?? [];
    const page = await browser.newPage();
    await page.goto(`${url}#/sessions`);
    await page.getByText('0 open, 1 over').waitFor();
    await page.getByRole('option').first().click();
    await page.getByText(/from the client \d+ events/).waitFor();
    match(this.output, /all came back/);
    await page.close();
    process.kill(-this.child.pid!, 'SIGINT');
    const [code, signal] = await this.ended;
    // npm ends by the signal itself, which a shell shows as 130.
    ok(code === 130 || signal === 'SIGINT', `${code} ${signal}`);
    while (this.isRunning) await delay(20);
    await rejects(fetch(url));
  }

  /** Ends it where the check did not. */
  end(): void {
    if (this.isRunning) process.kill(-this.child.pid!, 'SIGKILL');
  }

  /** Whether a process of its group is left: npm, the demo, or its container. */
  private get isRunning(): boolean {
    try {
      process.kill(-this.child.pid!, 0);
      return true;
    } catch {
      return false;
    }
  }
}
