/**
 * Web pages of elsewhere in a real browser, against everything of the kit that listens on this machine.
 *
 * Each page is given what an attacker could at best have: the name is already bound to 127.0.0.1, ports and the pair of keys are known.
 * Beside each attack stands a page that may do the same, so that a request which the browser itself holds back proves nothing.
 */
import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { join } from 'node:path';
import { Hash } from '@smithy/core/serde';
import { SignatureV4 } from '@smithy/signature-v4';
import type { Browser, Page } from 'playwright-core';
import WebSocket from 'ws';
import { SageMakerRuntimeHTTP2Client } from '../../../lib/client';
import { BidiGateway, type GatewayEvent } from '../../../lib/gateway';
import { type LocalEvent, LocalSageMaker } from '../../../lib/local';
import { INTEROP_ENDPOINTS } from '../local-endpoints';
import type { Scorecard } from '../scorecard';
import { REPOSITORY } from '../tool-directory';
import { launchChromium } from './chromium';

/** A name of somebody's that resolves to this machine. */
const FOREIGN = 'evil.example';

const INVOCATIONS = '/endpoints/echo/invocations';

export async function checkWebPages(directory: string, scorecard: Scorecard): Promise<void> {
  const browser = await scorecard.check('Chromium is installed', () =>
    launchChromium({ hosts: { [FOREIGN]: '127.0.0.1' } }),
  );
  if (!browser) return;
  try {
    await checkWithoutTls(browser, directory, scorecard);
    await checkWithoutVerification(browser, directory, scorecard);
    await checkContainerPorts(browser, directory, scorecard);
    await checkGateway(browser, directory, scorecard);
  } finally {
    await browser.close();
  }
}

/** DNS rebinding: the page's own origin is the local SageMaker, so the browser lets it send and read everything. */
async function checkWithoutTls(browser: Browser, directory: string, scorecard: Scorecard): Promise<void> {
  await using host = await hostLocal(directory, { tls: false });
  const { port } = new URL(host.local.url);
  await scorecard.check(
    'Chromium: a rebound name does not reach InvokeEndpoint of --no-tls, though it knows the keys',
    async () => {
      const page = await pageOf(browser, `http://${FOREIGN}:${port}`);
      const answer = await invokeSigned(page, host.local, `${FOREIGN}:${port}`);
      strictEqual(answer.status, 421, JSON.stringify(answer));
      await page.close();
      // The same page, if its name is one of the loopback interface: what stops the other is its name alone.
      const own = await pageOf(browser, `http://localhost:${port}`);
      strictEqual((await invokeSigned(own, host.local, `localhost:${port}`)).status, 200);
      await own.close();
    },
  );
}

/** A page elsewhere that can send, but not read: what it sends must not be served. */
async function checkWithoutVerification(browser: Browser, directory: string, scorecard: Scorecard): Promise<void> {
  for (const tls of [false, true]) {
    await using host = await hostLocal(directory, { tls, verify: false });
    await scorecard.check(
      `Chromium: a no-cors POST of a page elsewhere does not reach a container of --no-verify${tls ? '' : ' --no-tls'}`,
      async () => {
        const page = await pageOf(browser, `http://${FOREIGN}`);
        await postBlindly(page, host.local.url + INVOCATIONS);
        const refused = host.events.find(event => event.type === 'refused');
        ok(refused?.type === 'refused', 'nothing arrived');
        strictEqual(refused.statusCode, 403, refused.message);
        ok(refused.message.includes(`http://${FOREIGN}`), refused.message);
        await page.close();
        const own = await pageOf(browser, host.local.url);
        await postBlindly(own, host.local.url + INVOCATIONS);
        await own.close();
        const invoked = host.events.filter(event => event.type === 'invoked');
        strictEqual(invoked.length, 1, 'a page of a loopback origin alone is served');
      },
    );
  }
}

/** Past TLS and signatures: a page opens the WebSocket of the container itself, whose port it guessed. */
async function checkContainerPorts(browser: Browser, directory: string, scorecard: Scorecard): Promise<void> {
  await using host = await hostLocal(directory, {});
  const ports = host.events.flatMap(event => (event.type === 'container-in-service' ? [event] : []));
  await scorecard.check('Chromium: a page elsewhere does not open the WebSocket of the kit’s containers', async () => {
    deepStrictEqual(ports.map(({ endpoint }) => endpoint).sort(), ['echo', 'simulator']);
    const page = await pageOf(browser, `http://${FOREIGN}`);
    for (const { endpoint, port } of ports) {
      const url = `ws://127.0.0.1:${port}/${endpoint === 'echo' ? 'invocations-bidirectional-stream' : 'v1/listen?model=nova-3'}`;
      strictEqual(await openWebSocket(page, url), 'closed 1006', url);
      // The same upgrade without an Origin, as the platform sends it.
      strictEqual(await openPlainWebSocket(url), 'open', url);
    }
    await page.close();
  });
}

async function checkGateway(browser: Browser, directory: string, scorecard: Scorecard): Promise<void> {
  await using host = await hostLocal(directory, { tls: false });
  const client = new SageMakerRuntimeHTTP2Client({
    endpoint: host.local.url,
    region: host.local.region,
    credentials: host.local.credentials,
  });
  const events: GatewayEvent[] = [];
  const allowed = 'http://app.localhost';
  const gateway = await BidiGateway.start({
    routes: [{ endpointName: 'echo' }],
    client,
    port: 0,
    allowedOrigins: [allowed, 'same-origin'],
    observe: event => events.push(event),
  });
  const refusals = (): (number | undefined)[] =>
    events.flatMap(event => (event.type === 'refused' ? [event.statusCode] : []));
  try {
    await scorecard.check(
      'Chromium: the gateway refuses a page of a foreign origin, and serves one that is allowed',
      async () => {
        const foreign = await pageOf(browser, `http://${FOREIGN}`);
        strictEqual(await openWebSocket(foreign, gateway.url), 'closed 1006');
        deepStrictEqual(refusals(), [403]);
        await foreign.close();
        const own = await pageOf(browser, allowed);
        strictEqual(await openWebSocket(own, gateway.url), 'open');
        await own.close();
      },
    );
    await scorecard.check('Chromium: the gateway refuses a rebound name, though Host and Origin match', async () => {
      const { port } = new URL(gateway.url);
      const rebound = await pageOf(browser, `http://${FOREIGN}:${port}`);
      strictEqual(await openWebSocket(rebound, `ws://${FOREIGN}:${port}`), 'closed 1006');
      deepStrictEqual(refusals(), [403, 403]);
      await rebound.close();
    });
    strictEqual(events.filter(({ type }) => type === 'session-opened').length, 1);
  } finally {
    await gateway.close();
    client.destroy();
  }
}

/** A local SageMaker with the kit's two containers, and what happened in it. */
async function hostLocal(certificateDirectory: string, options: { tls?: boolean; verify?: boolean }) {
  const events: LocalEvent[] = [];
  const simulator = {
    name: 'simulator',
    environment: {},
    directory: join(REPOSITORY, 'container/speech-simulator'),
    command: ['node', '--require', 'esbuild-register', 'src/server.ts'],
  };
  const local = await LocalSageMaker.start({
    endpoints: [INTEROP_ENDPOINTS[0]!, { name: 'simulator', variants: [{ name: 'AllTraffic', model: simulator }] }],
    port: 0,
    certificateDirectory,
    observe: event => events.push(event),
    ...options,
  });
  return { local, events, [Symbol.asyncDispose]: () => local.close() };
}

/** An empty page of an origin, without a server behind it. */
async function pageOf(browser: Browser, origin: string): Promise<Page> {
  const page = await browser.newPage({ ignoreHTTPSErrors: true });
  await page.route(`${origin}/page`, route => route.fulfill({ contentType: 'text/html', body: '<!doctype html>' }));
  await page.goto(`${origin}/page`);
  strictEqual(await page.evaluate('location.origin'), origin);
  return page;
}

/** An invocation of the page's own origin, signed for the host that the browser will name. */
async function invokeSigned(page: Page, { credentials, region }: LocalSageMaker, host: string) {
  const signer = new SignatureV4({
    credentials,
    region,
    service: 'sagemaker',
    sha256: Hash.bind(null, 'sha256') as never,
  });
  const { headers } = await signer.sign({
    method: 'POST',
    protocol: 'http:',
    hostname: host,
    path: INVOCATIONS,
    headers: { host, 'content-type': 'text/plain' },
    body: 'attack',
  });
  const { host: _, ...sent } = headers; // the browser's own
  return (await page.evaluate(
    `fetch('${INVOCATIONS}', { method: 'POST', headers: ${JSON.stringify(sent)}, body: 'attack' })
      .then(async answer => ({ status: answer.status, body: await answer.text() }))`,
  )) as { readonly status: number; readonly body: string };
}

/** A POST whose answer the page may not read. */
async function postBlindly(page: Page, url: string): Promise<void> {
  await page.evaluate(`fetch('${url}', { method: 'POST', mode: 'no-cors', body: 'attack' }).then(() => {})`);
}

/** Opens a WebSocket as a page does. @returns `open`, or `closed` with the code that the page sees */
async function openWebSocket(page: Page, url: string): Promise<string> {
  return page.evaluate(`new Promise(resolve => {
    const socket = new WebSocket('${url}');
    socket.onopen = () => { resolve('open'); socket.close(); };
    socket.onclose = ({ code }) => resolve('closed ' + code);
  })`);
}

function openPlainWebSocket(url: string): Promise<string> {
  return new Promise(resolve => {
    const socket = new WebSocket(url);
    socket.onerror = ({ message }) => resolve(message);
    socket.onopen = () => {
      resolve('open');
      socket.close();
    };
    socket.onclose = ({ code }) => resolve(`closed ${code}`);
  });
}
