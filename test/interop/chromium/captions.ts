/** The example page examples/browser-captions in a real browser: microphone → gateway → local SageMaker → captions. */
import { deepStrictEqual, match, ok, strictEqual } from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { basename, extname, join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { generate } from 'selfsigned';
import { SageMakerRuntimeHTTP2Client } from '../../../lib/client';
import { BidiGateway, type BidiGatewayOptions } from '../../../lib/gateway';
import { LocalSageMaker } from '../../../lib/local';
import type { Scorecard } from '../scorecard';
import { REPOSITORY } from '../tool-directory';
import { seriousFaults } from './accessibility';
import { launchChromium } from './chromium';

const PAGE = join(REPOSITORY, 'examples', 'browser-captions');
const MICROPHONE = join(REPOSITORY, 'examples', 'sample.wav');
const TOKEN = 'a-token-of-the-captions';

/** Time for what a person would see within a few seconds, on a machine that is busy with others. */
const PATIENCE = { timeout: 60_000 };

interface Stage {
  readonly browser: Browser;
  readonly client: SageMakerRuntimeHTTP2Client;
  readonly local: LocalSageMaker;
}

export async function checkCaptions(directory: string, scorecard: Scorecard): Promise<void> {
  const browser = await scorecard.check('Chromium hears a recording as its microphone', () =>
    launchChromium({ microphone: MICROPHONE }),
  );
  if (!browser) return;
  await using local = await startSimulator(directory);
  const client = new SageMakerRuntimeHTTP2Client({
    endpoint: local.url,
    region: local.region,
    credentials: local.credentials,
    requestHandler: { nodeHttp2ConnectOptions: { ca: local.certificateAuthority } },
  });
  const stage = { browser, client, local };
  try {
    await scorecard.check('captions by keyboard alone: interim words, final ones, and an end in order', () =>
      captionByKeyboard(stage),
    );
    await scorecard.check('captions over https and wss, with a token', () => captionSecurely(stage));
    await scorecard.check('a stream that is over goes on with the next', () => captionOn(stage));
    await scorecard.check('a refused connection and a refused microphone are told in words', () =>
      explainFaults(stage),
    );
    await scorecard.check('the page fits a phone, and follows the light', () => fitPhone(stage));
  } finally {
    client.destroy();
    await browser.close();
  }
}

/** Rows of the waveform in which something is drawn. */
const INKED_ROWS = `(canvas => {
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  const rows = new Set();
  for (let at = 0; at < data.length; at += 4) if (data[at + 3] > 0) rows.add(Math.floor(at / 4 / canvas.width));
  return rows.size;
})(document.getElementById('waveform'))`;

/** The words that a screen reader hears are in the log; those that change are not for it. */
async function captionByKeyboard({ browser, client, local }: Stage): Promise<void> {
  await using site = await Site.start();
  await using gateway = await startGateway(client, { allowedOrigins: [site.origin] });
  const page = await openPage(browser, site, gateway);
  const said = await recordStates(page);
  const interim = page.waitForFunction("document.getElementById('interim').textContent !== ''", null, PATIENCE);
  await page.getByRole('button', { name: 'Start' }).focus();
  await page.keyboard.press('Enter');
  await interim;
  await page.getByRole('log', { name: 'Captions' }).getByText('balance.').first().waitFor(PATIENCE);
  strictEqual(await page.getByRole('button', { name: 'Stop', pressed: true }).count(), 1);
  await page.waitForFunction(`${INKED_ROWS} > 10`, null, PATIENCE); // a silent microphone draws a line of two or three
  deepStrictEqual(await seriousFaults(page, 'while it listens'), []);
  await page.keyboard.press('Escape');
  await page.getByRole('status').getByText('Stopped.').waitFor(PATIENCE);
  await page.waitForFunction(`${INKED_ROWS} === 0`, null, PATIENCE);
  match((await page.getByRole('log').textContent()) ?? '', /I need help with my account balance\./);
  deepStrictEqual(await said(), ['Waiting for the microphone.', 'Connecting.', 'Listening.', 'Finishing.', 'Stopped.']);
  strictEqual(await page.locator('#interim').getAttribute('aria-hidden'), 'true');
  await untilNoSession(local);
  await page.close();
}

async function captionSecurely({ browser, client, local }: Stage): Promise<void> {
  const pair = await generate([{ name: 'commonName', value: 'localhost' }], { keySize: 2048 });
  const tls = { certificate: pair.cert, key: pair.private };
  await using site = await Site.start(tls);
  await using gateway = await startGateway(client, { allowedOrigins: [site.origin], tls, tokens: [TOKEN] });
  const page = await openPage(browser, site, gateway);
  strictEqual(await page.getByLabel('Gateway').inputValue(), gateway.url.replace('127.0.0.1', 'localhost'));
  await page.getByRole('button', { name: 'Start' }).click();
  await page.getByRole('status').getByText('did not take the connection').waitFor(PATIENCE);
  await page.getByLabel('Token').fill(TOKEN);
  await page.getByRole('button', { name: 'Start' }).click();
  await page.getByRole('log').getByText('balance.').first().waitFor(PATIENCE);
  await page.getByRole('button', { name: 'Stop' }).click();
  await page.getByRole('status').getByText('Stopped.').waitFor(PATIENCE);
  await page.getByLabel('Gateway').fill('ws://speech.example.com');
  await page.getByRole('button', { name: 'Start' }).click();
  await page.getByRole('status').getByText('the browser opens wss:// addresses alone').waitFor(PATIENCE);
  await page.goto(site.origin);
  strictEqual(await page.getByLabel('Gateway').inputValue(), site.origin.replace('https', 'wss'));
  await untilNoSession(local);
  await page.close();
}

/** 1012 is what a client is told shortly before the platform's 30 minutes are over: here after seconds. */
async function captionOn({ browser, client, local }: Stage): Promise<void> {
  await using site = await Site.start();
  let sessions = 0;
  const observe: BidiGatewayOptions['observe'] = event => {
    if (event.type === 'session-opened') sessions += 1;
  };
  await using gateway = await startGateway(client, {
    allowedOrigins: [site.origin],
    sessionLimitMs: 3_000,
    probe: false,
    observe,
  });
  const page = await openPage(browser, site, gateway);
  await page.getByRole('button', { name: 'Start' }).click();
  for (let waited = 0; sessions < 3 && waited < PATIENCE.timeout; waited += 100) await page.waitForTimeout(100);
  ok(sessions >= 3, `${sessions} sessions`);
  strictEqual(await page.getByRole('button', { name: 'Stop' }).count(), 1);
  await page.close();
  await untilNoSession(local);
}

async function explainFaults({ browser, client }: Stage): Promise<void> {
  await using site = await Site.start();
  await using gateway = await startGateway(client, {});
  const page = await openPage(browser, site, gateway);
  await page.getByRole('button', { name: 'Start' }).click();
  await page.getByRole('status').getByText(`--allow-origin ${site.origin}`).waitFor(PATIENCE);
  strictEqual(await page.getByRole('button', { name: 'Start', pressed: false }).count(), 1);
  for (const [name, words] of [
    ['NotAllowedError', 'The microphone was not allowed.'],
    ['NotFoundError', 'No microphone was found.'],
    ['NotReadableError', 'another program may use it'],
  ] as const) {
    await page.evaluate(
      `navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', ${JSON.stringify(name)}))`,
    );
    await page.getByRole('button', { name: 'Start' }).click();
    await page.getByRole('status').getByText(words).waitFor(PATIENCE);
  }
  await page.close();
}

/** How the page is laid out and coloured. */
interface Look {
  readonly overflow: number;
  readonly button: number;
  readonly color: string;
}

const LOOK = `({
  overflow: document.documentElement.scrollWidth - innerWidth,
  button: document.querySelector('button').getBoundingClientRect().height,
  color: getComputedStyle(document.body).color,
})`;

async function fitPhone({ browser }: Stage): Promise<void> {
  await using site = await Site.start();
  const page = await browser.newPage({ viewport: { width: 320, height: 568 }, colorScheme: 'light' });
  await page.goto(site.origin);
  const look = () => page.evaluate<Look>(LOOK);
  const light = await look();
  ok(light.overflow <= 0, `it is ${light.overflow} pixels too wide`);
  ok(light.button >= 44, `the button is ${light.button} pixels high`);
  deepStrictEqual(await seriousFaults(page, 'on a phone'), []);
  await page.emulateMedia({ colorScheme: 'dark' });
  const dark = await look();
  ok(dark.color !== light.color, `${dark.color} in the dark and in the light`);
  await page.close();
}

async function openPage(browser: Browser, site: Site, gateway: BidiGateway): Promise<Page> {
  const page = await browser.newPage({ ignoreHTTPSErrors: true });
  const address = gateway.url.replace('127.0.0.1', 'localhost');
  await page.goto(`${site.origin}/?gateway=${encodeURIComponent(address)}`);
  return page;
}

/** @returns what the page has said in its status, in order */
async function recordStates(page: Page): Promise<() => Promise<string[]>> {
  await page.evaluate(`
    globalThis.said = [];
    const state = document.getElementById('state');
    new MutationObserver(() => said.push(state.textContent)).observe(state, { childList: true });
  `);
  return () => page.evaluate<string[]>('said');
}

async function untilNoSession(local: LocalSageMaker): Promise<void> {
  for (let waited = 0; local.openSessions > 0 && waited < 20_000; waited += 50) {
    await new Promise(resolve => setTimeout(resolve, 50));
  }
  strictEqual(local.openSessions, 0);
}

function startSimulator(directory: string): Promise<LocalSageMaker> {
  const model = {
    name: 'deepgram',
    environment: {},
    directory: join(REPOSITORY, 'container', 'speech-simulator'),
    command: ['node', '--require', 'esbuild-register', 'src/server.ts'],
  };
  return LocalSageMaker.start({
    endpoints: [{ name: 'deepgram', variants: [{ name: 'AllTraffic', model }] }],
    port: 0,
    certificateDirectory: directory,
  });
}

function startGateway(client: SageMakerRuntimeHTTP2Client, options: Partial<BidiGatewayOptions>): Promise<BidiGateway> {
  return BidiGateway.start({
    routes: [{ endpointName: 'deepgram' }],
    client,
    port: 0,
    operations: false,
    ...options,
  });
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
};

/** Serves the files of the example, as any server of files would. */
class Site implements AsyncDisposable {
  private constructor(
    private readonly server: ReturnType<typeof createServer>,
    readonly origin: string,
  ) {}

  static async start(tls?: { readonly certificate: string; readonly key: string }): Promise<Site> {
    const serve: RequestListener = ({ url = '/' }, response) => {
      const file = basename(new URL(url, 'http://localhost').pathname) || 'index.html';
      const type = TYPES[extname(file)];
      if (!type) return response.writeHead(404).end();
      return response.writeHead(200, { 'content-type': type }).end(readFileSync(join(PAGE, file)));
    };
    const server = tls ? createTlsServer({ cert: tls.certificate, key: tls.key }, serve) : createServer(serve);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    return new Site(server, `${tls ? 'https' : 'http'}://localhost:${port}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.close();
    this.server.closeAllConnections();
  }
}
