import { type Browser, chromium } from 'playwright-core';
import { onPath } from '../processes';
import { NotAvailableError } from '../scorecard';

/** Names of the program on Linux; elsewhere CHROME_PATH names it. */
const PROGRAMS = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

export interface ChromiumOptions {
  /**
   * Host names that the browser resolves to an address of this machine, such as `{ 'evil.example': '127.0.0.1' }`.
   *
   * @default - none
   */
  readonly hosts?: Readonly<Record<string, string>>;
  /**
   * WAV file that the page's microphone hears, over and over.
   *
   * @default - a beep of Chromium's own
   */
  readonly microphone?: string;
}

/**
 * Starts this machine's own Chromium, headless, to be driven by Playwright. The caller closes it.
 *
 * ```ts
 * const browser = await launchChromium({ hosts: { 'evil.example': '127.0.0.1' } });
 * const page = await browser.newPage({ ignoreHTTPSErrors: true });
 * ```
 *
 * @throws NotAvailableError when there is no Chromium or it does not start.
 */
export async function launchChromium({ hosts = {}, microphone }: ChromiumOptions = {}): Promise<Browser> {
  const executablePath = process.env.CHROME_PATH || onPath(...PROGRAMS);
  if (!executablePath) throw new NotAvailableError('no Chromium on PATH; CHROME_PATH may name one');
  const rules = Object.entries(hosts).map(([host, address]) => `MAP ${host} ${address}`);
  const args = [
    ...(rules.length > 0 ? [`--host-resolver-rules=${rules.join(', ')}`] : []),
    // Chromium's own guard of this machine against pages of the network: not every browser has it.
    '--disable-features=LocalNetworkAccessChecks,LocalNetworkAccessChecksWebSockets',
    // The microphone without a question and without a device.
    '--use-fake-ui-for-media-stream',
    '--use-fake-device-for-media-stream',
    ...(microphone ? [`--use-file-for-fake-audio-capture=${microphone}`] : []),
    '--autoplay-policy=no-user-gesture-required',
  ];
  try {
    return await chromium.launch({ executablePath, args });
  } catch (cause) {
    throw new NotAvailableError(`${executablePath} does not start: ${String(cause).split('\n')[0]}`, { cause });
  }
}
