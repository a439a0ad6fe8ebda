/** The inspector's page in a real browser: every view, a session that breaks, keyboard, phone width, export, a start that ends. */
import { match, ok, strictEqual } from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import { BidiSession, SageMakerRuntimeHTTP2Client } from '../../../lib/client';
import { LocalSageMaker, parseInjectedFault } from '../../../lib/local';
import { INTEROP_ENDPOINTS } from '../local-endpoints';
import type { Scorecard } from '../scorecard';
import { launchChromium } from './chromium';

/** Time for what a person would see within a second, on a machine that is busy with others. */
const PATIENCE = { timeout: 60_000 };

export async function checkInspector(directory: string, scorecard: Scorecard): Promise<void> {
  const browser = await scorecard.check('Chromium starts for the inspector', () => launchChromium({}));
  if (!browser) return;
  const endpoint = INTEROP_ENDPOINTS[0]!;
  const local = await LocalSageMaker.start({
    endpoints: [endpoint],
    port: 0,
    certificateDirectory: directory,
    inspector: true,
    // Each second session breaks.
    faults: [parseInjectedFault('internal-failure/2')],
  });
  const client = new SageMakerRuntimeHTTP2Client({
    endpoint: local.url,
    region: local.region,
    credentials: local.credentials,
    requestHandler: { nodeHttp2ConnectOptions: { ca: local.certificateAuthority } },
  });
  try {
    await scorecard.check('the inspector shows endpoints, sessions, a session that broke and how to connect', () =>
      lookAtEveryView(browser, local, client, endpoint.name),
    );
  } finally {
    client.destroy();
    await browser.close();
    await local.close();
  }
}

async function lookAtEveryView(
  browser: Browser,
  local: LocalSageMaker,
  client: SageMakerRuntimeHTTP2Client,
  endpointName: string,
): Promise<void> {
  const page = await browser.newPage({ acceptDownloads: true });
  const complaints: string[] = [];
  page.on('pageerror', error => complaints.push(String(error)));
  page.on('console', message => message.type() === 'error' && complaints.push(message.text()));
  await page.goto(local.inspectorUrl!);
  await page.getByText('Live', { exact: true }).waitFor(PATIENCE);
  await page.getByText('in service').first().waitFor(PATIENCE);
  await shoot(page, 'endpoints');

  for (let session = 0; session < 2; session += 1) await stream(client, endpointName);
  await page.getByRole('link', { name: 'Sessions', exact: true }).click();
  await page.getByText('0 open, 2 over').waitFor(PATIENCE);
  await shoot(page, 'sessions');
  await page.getByRole('listbox').focus();
  const broken = page.getByRole('option').filter({ hasText: 'InternalStreamFailure' });
  strictEqual(await broken.count(), 1);
  // By keyboard: down to the broken one, and open it.
  for (let down = 0; down <= 1 && !page.url().includes('#/sessions/'); down += 1) {
    await page.getByRole('listbox').press('ArrowDown');
    const selected = page.locator('[role=option][aria-selected=true]');
    await selected.waitFor(PATIENCE);
    if ((await selected.textContent())?.includes('InternalStreamFailure'))
      await page.getByRole('listbox').press('Enter');
  }
  await page.getByRole('alert').waitFor(PATIENCE);
  match((await page.getByRole('alert').textContent()) ?? '', /InternalStreamFailure.*Why: .*Next: /);
  const steps = page.getByRole('option');
  await steps.filter({ hasText: 'one <b>& two' }).first().waitFor(PATIENCE);
  await steps.filter({ hasText: 'InternalStreamFailure' }).first().waitFor(PATIENCE);
  await steps.filter({ hasText: 'one <b>& two' }).first().click();
  match((await page.getByLabel('The chosen step').textContent()) ?? '', /dataType: UTF8[\s\S]*one <b>& two/);
  await shoot(page, 'session');

  await page.getByLabel('Filter').selectOption('received');
  await page.getByText(/^1 of \d+ steps/).waitFor(PATIENCE);
  await page.getByLabel('Filter').selectOption('all');
  await page.getByRole('searchbox').fill('no such words');
  await page.getByText(/^0 of \d+ steps/).waitFor(PATIENCE);
  await page.getByRole('searchbox').fill('');

  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Export JSON lines' }).click(),
  ]);
  const [first, ...rest] = readFileSync(await download.path(), 'utf8')
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as { type: string; base64?: string });
  strictEqual(first?.type, 'session');
  ok(rest.some(({ base64 }) => base64 && Buffer.from(base64, 'base64').toString() === 'one <b>& two'));

  await page.getByRole('link', { name: 'How to connect' }).click();
  await page.getByText(`export AWS_REGION=${local.region}`).waitFor(PATIENCE);
  await shoot(page, 'connect');

  for (const view of ['endpoints', 'sessions', 'connect']) {
    await page.setViewportSize({ width: 360, height: 700 });
    await page.goto(`${local.inspectorUrl}#/${view}`);
    await page.getByText('Live', { exact: true }).waitFor(PATIENCE);
    const width = await page.evaluate('document.documentElement.scrollWidth');
    ok((width as number) <= 360, `${view} is ${width} px wide on a phone of 360`);
  }
  strictEqual(complaints.join('\n'), '');
  await local.close();
  await page.getByText('Disconnected').waitFor(PATIENCE);
}

async function stream(client: SageMakerRuntimeHTTP2Client, endpointName: string): Promise<void> {
  const session = await BidiSession.open({ client, endpointName });
  try {
    await session.send('one <b>& two');
    await session[Symbol.asyncIterator]().next();
    await session.close();
  } catch {
    // Each second one breaks, as it should.
  }
}

/** Pictures for docs/inspector.md, where `INSPECTOR_PICTURES` names a directory. */
async function shoot(page: Page, name: string): Promise<void> {
  const directory = process.env.INSPECTOR_PICTURES;
  if (!directory) return;
  await page.setViewportSize({ width: 900, height: 640 });
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await page.screenshot({ path: `${directory}/inspector-${name}-${colorScheme}.png` });
  }
}
