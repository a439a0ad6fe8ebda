/** The inspector's page in a real browser: every view, what it tries, what it breaks and what it hands out. */
import { deepStrictEqual, match, ok, strictEqual } from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, BrowserContext, Download, Page } from 'playwright-core';
import { openTrial } from '../../../bin/inspector-trial';
import { BidiSession, SageMakerRuntimeHTTP2Client } from '../../../lib/client';
import { type EndpointDefinition, LocalSageMaker, readCloudAssembly } from '../../../lib/local';
import { run } from '../processes';
import type { Scorecard } from '../scorecard';
import { REPOSITORY } from '../tool-directory';
import { seriousFaults } from './accessibility';
import { launchChromium } from './chromium';
import { KeptDemo } from './demo-keep';
import { takePicture } from './inspector-pictures';
import { runReplayTest } from './replay';

/** Time for what a person would see within a second, on a machine that is busy with others. */
const PATIENCE = { timeout: 20_000 };

const SAMPLE = join(REPOSITORY, 'examples/sample.wav');

/** A phone's width and height, in pixels. */
const PHONE = { width: 360, height: 700 };

interface Run {
  readonly context: BrowserContext;
  readonly page: Page;
  readonly local: LocalSageMaker;
  readonly client: SageMakerRuntimeHTTP2Client;
  /** Name of the endpoint of EchoBidiStack. */
  readonly echo: string;
  /** Errors of the page and of its console so far. */
  readonly complaints: readonly string[];
  readonly directory: string;
  readonly assembly: string;
}

/** The checks in their order: each leaves sessions to the next. */
const CHECKS: readonly (readonly [string, (run: Run) => Promise<void>])[] = [
  ['the endpoints, and no session yet', lookAtEndpoints],
  ['a fault that is chosen by a click breaks the next session, and the page says why', breakTheNext],
  ['the time line of the session that broke: by keyboard, filtered, searched, paused, exported', followTheBroken],
  ['a fault breaks one open session at once', breakOneNow],
  ['HAR that another program reads', exportHar],
  ['a copied test that compiles and passes', copyTest],
  ['the microphone becomes interim and final words, and a waveform with its words', speakIntoTheMicrophone],
  ['a WAV file that is dropped, a voice to hear, and an echo to type to', tryTheRest],
  ['how to connect', lookAtConnect],
  ['axe finds no serious fault in any view, light and dark, on a phone too', lookWithAxe],
  ['a message that the page cannot read is said', failAloud],
  ['the browser’s console has no complaint', async ({ complaints }) => deepStrictEqual(complaints, [])],
  ['the end of the local SageMaker is said', disconnect],
];

export async function checkInspector(directory: string, scorecard: Scorecard): Promise<void> {
  const browser = await scorecard.check('Chromium starts for the inspector', () =>
    launchChromium({ microphone: SAMPLE }),
  );
  if (!browser) return;
  // It synthesizes and plays its recording meanwhile.
  const demo = KeptDemo.start();
  let local: LocalSageMaker | undefined;
  let client: SageMakerRuntimeHTTP2Client | undefined;
  try {
    const assembly = join(directory, 'inspector-assembly');
    await run(process.execPath, ['--require', 'esbuild-register', 'bin/demo-app.ts', assembly], { cwd: REPOSITORY });
    const endpoints = await readCloudAssembly(assembly, { stacks: ['EchoBidiStack'] });
    local = await startLocal(directory, endpoints);
    client = clientOf(local);
    const { context, page, complaints } = await openPage(browser, local);
    for (const [what, look] of CHECKS) {
      await scorecard.check(`the inspector: ${what}`, () =>
        look({
          context,
          page,
          local: local!,
          client: client!,
          echo: endpoints[0]!.name,
          complaints,
          directory,
          assembly,
        }),
      );
    }
    await scorecard.check('npm run demo -- --keep shows what it streamed until Ctrl-C', () => demo.check(browser));
  } finally {
    demo.end();
    client?.destroy();
    await browser.close();
    await local?.close();
  }
}

/** The echo of its stack, as `cdk deploy` would send it, and the simulator as Deepgram. */
function startLocal(certificateDirectory: string, endpoints: readonly EndpointDefinition[]): Promise<LocalSageMaker> {
  const speech = {
    name: 'speech',
    environment: {},
    directory: join(REPOSITORY, 'container/speech-simulator'),
    command: ['node', '--require', 'esbuild-register', 'src/server.ts'],
    serves: { protocol: 'deepgram', modelName: 'nova-3' } as const,
  };
  return LocalSageMaker.start({
    endpoints: [...endpoints, { name: 'speech', variants: [{ name: 'AllTraffic', model: speech }] }],
    port: 0,
    certificateDirectory,
    inspector: openTrial,
  });
}

function clientOf(local: LocalSageMaker): SageMakerRuntimeHTTP2Client {
  return new SageMakerRuntimeHTTP2Client({
    endpoint: local.url,
    region: local.region,
    credentials: local.credentials,
    requestHandler: { nodeHttp2ConnectOptions: { ca: local.certificateAuthority } },
  });
}

async function openPage(browser: Browser, local: LocalSageMaker) {
  const context = await browser.newContext({ acceptDownloads: true, viewport: { width: 900, height: 640 } });
  await context.grantPermissions(['clipboard-read', 'clipboard-write', 'microphone'], {
    origin: new URL(local.inspectorUrl!).origin,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE.timeout);
  const complaints: string[] = [];
  page.on('pageerror', error => complaints.push(String(error)));
  page.on('console', message => message.type() === 'error' && complaints.push(message.text()));
  await page.goto(local.inspectorUrl!);
  return { context, page, complaints };
}

async function lookAtEndpoints({ page }: Run): Promise<void> {
  await page.getByText('Live', { exact: true }).waitFor();
  await page.getByText('in service').nth(1).waitFor();
  await takePicture(page, 'endpoints');
  await page.getByRole('link', { name: 'Sessions', exact: true }).click();
  await page.getByText('No stream was opened yet').waitFor();
  deepStrictEqual(await seriousFaults(page, 'sessions without one'), []);
}

async function breakTheNext({ page, local, client, echo }: Run): Promise<void> {
  await page.goto(`${local.inspectorUrl}#/faults`);
  await page.getByText('No fault is injected.').waitFor();
  await page.getByRole('combobox', { name: 'Fault' }).selectOption('internal-failure');
  await page.getByRole('button', { name: 'Inject' }).click();
  await page.getByText('internal-failure@streaming', { exact: true }).waitFor();
  await takePicture(page, 'faults');
  await stream(client, echo, ['one <b>& two']);
  await page.getByRole('button', { name: 'Remove internal-failure@streaming' }).click();
  await page.getByText('No fault is injected.').waitFor();
  await page.getByRole('combobox', { name: 'Clock' }).selectOption('60');
  await page.getByText('60 times as fast').waitFor({ state: 'attached' });
  await page.getByRole('combobox', { name: 'Clock' }).selectOption('1');
  await stream(client, echo, ['first', 'second', Buffer.alloc(300, 1)]);
}

async function followTheBroken({ page, local }: Run): Promise<void> {
  await page.goto(`${local.inspectorUrl}#/sessions`);
  await page.getByText('0 open, 2 over').waitFor();
  await takePicture(page, 'sessions');
  const list = page.getByRole('listbox');
  await list.focus();
  // The newest is first: the broken one is the second.
  await list.press('ArrowDown');
  await list.press('ArrowDown');
  await page.locator('[role=option][aria-selected=true]').filter({ hasText: 'InternalStreamFailure' }).waitFor();
  await list.press('Enter');
  match((await page.getByRole('alert').textContent()) ?? '', /InternalStreamFailure.*Why: .*Next: /);
  const steps = page.getByRole('option');
  await steps.filter({ hasText: 'one <b>& two' }).first().click();
  match((await page.getByLabel('The chosen step').textContent()) ?? '', /dataType: UTF8[\s\S]*one <b>& two/);
  await steps.filter({ hasText: 'InternalStreamFailure' }).first().waitFor();
  await page.getByLabel('Filter').selectOption('received');
  await page.getByText(/^1 of \d+ steps/).waitFor();
  await page.getByLabel('Filter').selectOption('all');
  await page.getByRole('searchbox').fill('no such words');
  await page.getByText(/^0 of \d+ steps/).waitFor();
  await page.getByRole('searchbox').fill('');
  await page.getByRole('button', { name: 'Pause' }).click();
  await page.getByText(/steps, paused/).waitFor();
  await page.getByRole('button', { name: 'Go on' }).click();
  await takePicture(page, 'session', 1_000);
  const [first, ...rest] = (await downloaded(page, 'Export JSON lines'))
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as { type: string; base64?: string });
  strictEqual(first?.type, 'session');
  ok(rest.some(({ base64 }) => base64 && Buffer.from(base64, 'base64').toString() === 'one <b>& two'));
}

async function breakOneNow({ page, local, client, echo }: Run): Promise<void> {
  const session = await BidiSession.open({ client, endpointName: echo });
  const failed = (async () => {
    for await (const _ of session);
  })().then(
    () => 'ended',
    error => String(error),
  );
  await openNewest(page, local);
  await page.getByLabel('Fault for this session').selectOption('close@streaming');
  await page.getByRole('button', { name: 'Inject now' }).click();
  match(await failed, /1011/);
  await page.getByRole('alert').filter({ hasText: '1011' }).waitFor();
  await page.getByRole('button', { name: 'Inject now' }).waitFor({ state: 'hidden' });
}

/** Playwright answers a page from a HAR file: it refuses one that is none. */
async function exportHar({ context, page, local, directory }: Run): Promise<void> {
  await openSession(page, local, 'ended');
  await page.getByRole('option').filter({ hasText: 'first' }).first().waitFor();
  const file = join(directory, 'session.har');
  await saved(page, 'Export HAR', file);
  const { log } = JSON.parse(readFileSync(file, 'utf8')) as {
    log: {
      entries: { request: { url: string }; _webSocketMessages: { type: string; opcode: number; data: string }[] }[];
    };
  };
  const [entry] = log.entries;
  for (const type of ['send', 'receive']) {
    const texts = entry!._webSocketMessages.filter(each => each.type === type && each.opcode === 1);
    deepStrictEqual(
      texts.map(({ data }) => data),
      ['first', 'second'],
    );
    const [bytes] = entry!._webSocketMessages.filter(each => each.type === type && each.opcode === 2);
    deepStrictEqual(Buffer.from(bytes!.data, 'base64'), Buffer.alloc(300, 1));
  }
  const reader = await context.newPage();
  await reader.routeFromHAR(file, { url: `${local.url}/**` });
  await reader.goto('about:blank');
  const status = await reader.evaluate(
    `fetch(${JSON.stringify(entry!.request.url)}, { method: 'POST', mode: 'no-cors' }).then(answer => answer.type)`,
  );
  strictEqual(status, 'opaque');
  await reader.close();
}

async function copyTest({ page, local, directory, assembly }: Run): Promise<void> {
  await openSession(page, local, 'ended');
  await page.getByRole('option').filter({ hasText: 'first' }).first().waitFor();
  await page.getByRole('button', { name: 'Copy as test' }).click();
  await page.getByText('Copied.').waitFor();
  const source = (await page.evaluate('navigator.clipboard.readText()')) as string;
  match(source, /'first'/);
  await runReplayTest(source, join(directory, 'replay'), assembly);
  // The test fails where the model answers something else.
  const wrong = source.replace(/(toEqual\(\[\s*)'first'/, "$1'other'");
  ok(wrong !== source);
  const failure = await runReplayTest(wrong, join(directory, 'replay-wrong'), assembly).then(
    () => 'passed',
    error => String(error),
  );
  match(failure, /exit code 1/);
}

async function speakIntoTheMicrophone({ page, local }: Run): Promise<void> {
  await page.goto(`${local.inspectorUrl}#/try`);
  await page.getByRole('combobox', { name: 'Endpoint' }).selectOption('speech');
  strictEqual(await page.getByRole('combobox', { name: 'Kind' }).inputValue(), 'transcribe');
  await page.getByRole('button', { name: 'Use the microphone' }).click();
  await page.locator('.interim').filter({ hasText: /\w/ }).waitFor();
  await page.getByRole('log').filter({ hasText: 'I need help with my account balance.' }).waitFor();
  await takePicture(page, 'try', 480);
  await page.getByRole('button', { name: 'Stop' }).click();
  await page.getByText('Ended in order.').waitFor();
  await openNewest(page, local);
  await page.locator('.word').filter({ hasText: 'balance.' }).waitFor();
  await page.getByText(/What the model heard: \d.* 16 kHz/).waitFor();
  await page.getByText(/Lag, from the moment/).waitFor();
  await page.locator('.chart canvas').waitFor();
  ok(await isDrawn(page, '.strip canvas'), 'the waveform is empty');
  await takePicture(page, 'speech', 1_000);
}

async function tryTheRest({ page, local, echo }: Run): Promise<void> {
  await page.goto(`${local.inspectorUrl}#/try`);
  await page.getByRole('combobox', { name: 'Endpoint' }).selectOption('speech');
  const end = page.getByRole('status').filter({ hasText: 'Ended in order.' });
  await page.locator('input[type=file]').setInputFiles(SAMPLE);
  await page.getByRole('log').filter({ hasText: 'and recent charges.' }).waitFor();
  await end.waitFor();
  await page.getByRole('combobox', { name: 'Kind' }).selectOption('speak');
  await page.getByRole('button', { name: 'Speak' }).click();
  await end.filter({ hasText: /[1-9] s of speech/ }).waitFor();
  await page.getByRole('combobox', { name: 'Kind' }).selectOption('messages');
  await page.getByRole('combobox', { name: 'Endpoint' }).selectOption(echo);
  await page.getByRole('textbox', { name: 'Text' }).fill('typed');
  await page.getByRole('textbox', { name: 'Text' }).press('Enter');
  await page
    .getByRole('log')
    .filter({ hasText: /↑ typed.*↓ typed/ })
    .waitFor();
  await page.getByRole('button', { name: 'End the input' }).click();
  await end.waitFor();
}

async function lookAtConnect({ page, local, echo }: Run): Promise<void> {
  await page.getByRole('link', { name: 'How to connect' }).click();
  await page.getByText(`export AWS_REGION=${local.region}`).waitFor();
  for (const name of ['TypeScript', 'Python', 'Java', 'Rust', 'gateway', 'contract']) {
    await page.getByRole('heading', { name }).waitFor();
  }
  // The picture is without the variables, which hold paths and keys of this start.
  const variables = `document.querySelector('[aria-label="Variables"]')`;
  await page.evaluate(`${variables}.hidden = true`);
  await takePicture(page, 'connect');
  await page.evaluate(`${variables}.hidden = false`);
  await page.getByRole('button', { name: 'Copy: On the command line' }).click();
  await page.getByText('Copied.').waitFor();
  const command = await page.evaluate('navigator.clipboard.readText()');
  strictEqual(command, `npx bidi invoke "I need help with" --local --endpoint ${echo}`);
}

async function lookWithAxe({ page, local }: Run): Promise<void> {
  const faults: string[] = [];
  for (const view of ['endpoints', 'sessions', 'try', 'faults', 'connect', 'session']) {
    if (view === 'session') await openNewest(page, local, '.word, .chart canvas');
    else await page.goto(`${local.inspectorUrl}#/${view}`);
    await page.getByText('Live', { exact: true }).waitFor();
    faults.push(...(await seriousFaults(page, view)));
    await page.setViewportSize(PHONE);
    const width = (await page.evaluate('document.documentElement.scrollWidth')) as number;
    if (width > PHONE.width) faults.push(`${view} is ${width} px wide on a phone of ${PHONE.width}`);
    faults.push(...(await seriousFaults(page, `${view} on a phone`)));
    await page.setViewportSize({ width: 900, height: 640 });
  }
  deepStrictEqual(faults, []);
}

async function failAloud({ context, local }: Run): Promise<void> {
  const page = await context.newPage();
  await page.routeWebSocket(/socket$/, socket => socket.send('{"type":"update"}'));
  await page.goto(local.inspectorUrl!);
  await page.getByRole('alert').filter({ hasText: 'The page failed' }).waitFor();
  deepStrictEqual(await seriousFaults(page, 'error'), []);
  await page.close();
}

async function disconnect({ page, local }: Run): Promise<void> {
  await local.close();
  await page.getByText('Disconnected').waitFor();
  deepStrictEqual(await seriousFaults(page, 'disconnected'), []);
}

// What the checks share.

async function stream(
  client: SageMakerRuntimeHTTP2Client,
  echo: string,
  messages: readonly (string | Uint8Array)[],
): Promise<void> {
  const session = await BidiSession.open({ client, endpointName: echo });
  try {
    for (const message of messages) {
      await session.send(message);
      await session.receive();
    }
    await session.close();
  } catch {
    // One is to break.
  }
}

async function openNewest(page: Page, local: LocalSageMaker, selector = 'text=Time line'): Promise<void> {
  await page.goto(`${local.inspectorUrl}#/sessions`);
  await page.getByRole('option').first().click();
  await page.locator(selector).first().waitFor();
}

/** Opens the newest session of an outcome. */
async function openSession(page: Page, local: LocalSageMaker, outcome: string): Promise<void> {
  await page.goto(`${local.inspectorUrl}#/sessions`);
  const badge = page.locator('.badge').getByText(outcome, { exact: true });
  await page.getByRole('option').filter({ has: badge }).first().click();
}

async function download(page: Page, button: string): Promise<Download> {
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: button }).click()]);
  return file;
}

async function downloaded(page: Page, button: string): Promise<string> {
  return readFileSync(await (await download(page, button)).path(), 'utf8');
}

async function saved(page: Page, button: string, file: string): Promise<void> {
  await (await download(page, button)).saveAs(file);
}

/** Whether more than a line stands on a canvas. */
function isDrawn(page: Page, selector: string): Promise<boolean> {
  return page.evaluate(`(() => {
    const canvas = document.querySelector('${selector}');
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    let drawn = 0;
    for (let at = 3; at < data.length; at += 4) if (data[at] > 0) drawn += 1;
    return drawn > 4 * canvas.width;
  })()`);
}
