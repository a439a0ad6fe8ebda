import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { WebSocket } from 'ws';

const CANDIDATES = [process.env.CHROME_PATH, 'chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** A Chromium on this machine, or `undefined`. */
export function findBrowser(): string | undefined {
  return CANDIDATES.find(name => name && spawnSync(name, ['--version'], { timeout: 10_000 }).status === 0);
}

interface Answer {
  readonly id?: number;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly message: string };
}

/** One page of a headless Chromium whose microphone plays a recording, driven over the DevTools protocol. */
export class HeadlessBrowser implements AsyncDisposable {
  static async open(browser: string, recording: string, url: string): Promise<HeadlessBrowser> {
    const profile = mkdtempSync(join(tmpdir(), 'headless-browser-'));
    const child = spawn(
      browser,
      [
        '--headless=new',
        '--no-sandbox', // it only opens a page of this repository, and containers have no user namespaces
        '--disable-gpu',
        '--disable-dev-shm-usage',
        '--remote-debugging-port=0',
        `--user-data-dir=${profile}`,
        '--use-fake-ui-for-media-stream',
        '--use-fake-device-for-media-stream',
        `--use-file-for-fake-audio-capture=${recording}%noloop`,
        'about:blank',
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    const socket = new WebSocket(await devToolsUrl(child));
    await once(socket, 'open');
    const page = new HeadlessBrowser(child, socket, profile);
    const { targetId } = await page.send('Target.createTarget', { url });
    const { sessionId } = await page.send('Target.attachToTarget', { targetId, flatten: true });
    page.sessionId = sessionId as string;
    // A new target shows an empty document first, which is complete too.
    await page.until(`location.href.startsWith(${JSON.stringify(url)}) && document.readyState === 'complete'`);
    return page;
  }

  private sessionId: string | undefined;
  private calls = 0;
  private readonly waiting = new Map<number, (answer: Answer) => void>();

  private constructor(
    private readonly child: ChildProcess,
    private readonly socket: WebSocket,
    private readonly profile: string,
  ) {
    socket.on('message', data => {
      const answer = JSON.parse(String(data)) as Answer;
      if (answer.id !== undefined) this.waiting.get(answer.id)?.(answer);
    });
  }

  /** The value of an expression in the page. */
  async evaluate(expression: string): Promise<unknown> {
    const answer = await this.send('Runtime.evaluate', { expression, awaitPromise: true, userGesture: true });
    if (answer.exceptionDetails) throw new Error(`${expression}: ${JSON.stringify(answer.exceptionDetails)}`);
    return (answer.result as { value?: unknown }).value;
  }

  /** Waits until an expression in the page is true. */
  async until(expression: string, timeoutMs = 20_000): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    while ((await this.evaluate(expression)) !== true) {
      if (performance.now() > deadline) throw new Error(`Not within ${timeoutMs} ms: ${expression}`);
      await new Promise(resolve => setTimeout(resolve, 50));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const exited = once(this.child, 'exit');
    this.socket.terminate();
    this.child.kill('SIGKILL');
    await exited;
    rmSync(this.profile, { recursive: true, force: true, maxRetries: 5 });
  }

  private async send(method: string, params: object): Promise<Record<string, unknown>> {
    this.calls += 1;
    const id = this.calls;
    const answered = new Promise<Answer>(resolve => this.waiting.set(id, resolve));
    this.socket.send(JSON.stringify({ id, method, params, sessionId: this.sessionId }));
    const { result, error } = await answered;
    if (error) throw new Error(`${method}: ${error.message}`);
    return result!;
  }
}

async function devToolsUrl(child: ChildProcess): Promise<string> {
  for await (const line of createInterface({ input: child.stderr! })) {
    const url = /^DevTools listening on (\S+)$/.exec(line)?.[1];
    if (url) {
      child.stderr!.resume();
      return url;
    }
  }
  throw new Error('The browser ended before it could be driven.');
}
