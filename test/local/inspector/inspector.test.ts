import { EventEmitter, once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { transformSync } from 'esbuild';
import { WebSocket } from 'ws';
import {
  INJECTED_FAULT_KINDS,
  type LocalSageMaker,
  type Trial,
  type TrialRequest,
  type TrialTarget,
} from '../../../lib/local';
import { startLocal } from '../support/local';
import { SignedStream } from '../support/signed-stream';

const ROOT = join(__dirname, '../../..');
const PAGE = join(ROOT, 'lib/local/inspector/page');
const OWN_FILES = readdirSync(PAGE);
const CHART_FILES = { 'uplot.mjs': 'uPlot.esm.js', 'uplot.css': 'uPlot.min.css' };
const FILES = ['', ...OWN_FILES.filter(file => file !== 'index.html'), ...Object.keys(CHART_FILES)];

let local: LocalSageMaker;
let url: URL;

/** What pages wanted to try. */
const trials: object[] = [];
const aborts = new EventEmitter();

/** Answers what it is sent: the real one is bin's, with the kit's client. */
async function openEcho(request: TrialRequest, target: TrialTarget): Promise<Trial> {
  trials.push({ ...request, ...target });
  const waiting = new PassThrough({ objectMode: true });
  return {
    answers: waiting,
    send: async message =>
      void waiting.write(typeof message === 'string' ? { type: 'message', text: message } : message),
    finish: async () => void waiting.end(),
    abort: () => {
      waiting.destroy();
      aborts.emit('abort');
    },
  };
}

beforeAll(async () => {
  local = await startLocal({ inspector: openEcho });
  url = new URL(local.inspectorUrl!);
});
afterAll(async () => {
  await local.close();
});

interface Answer {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: string;
}

/** One request to the inspector's port, with any headers: `fetch` sets Host and Origin itself. */
async function get(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  const sent = request({ host: '127.0.0.1', port: url.port, path, method, headers: { host: url.host, ...headers } });
  sent.end();
  const [response] = await once(sent, 'response');
  let body = '';
  for await (const piece of response) body += piece;
  return { status: response.statusCode, headers: response.headers, body };
}

function pageSocket(headers: Record<string, string> = {}, path = `${url.pathname}socket`): WebSocket {
  return new WebSocket(`ws://127.0.0.1:${url.port}${path}`, {
    headers: { host: url.host, origin: url.origin, ...headers },
  });
}

/** The status with which a WebSocket is refused. */
function refusal(socket: WebSocket): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    socket.on('unexpected-response', (_, response) => {
      resolve(response.statusCode);
      socket.terminate();
    });
    socket.on('open', () => reject(new Error('It was accepted.')));
    socket.on('error', () => {});
  });
}

interface Told {
  readonly type: string;
  readonly [name: string]: unknown;
}

/** A page: what it was told, and a wait for something. */
async function openPage() {
  const socket = pageSocket();
  const told: Told[] = [];
  const waiting = new Set<() => void>();
  socket.on('message', data => {
    told.push(JSON.parse(String(data)));
    for (const look of waiting) look();
  });
  await once(socket, 'open');
  const find = <T>(search: (messages: readonly Told[]) => T | undefined): Promise<T> =>
    new Promise(resolve => {
      const look = () => {
        const found = search(told);
        if (found === undefined) return;
        waiting.delete(look);
        resolve(found);
      };
      waiting.add(look);
      look();
    });
  const close = async () => {
    socket.close();
    await once(socket, 'close');
  };
  return { socket, told, find, close };
}

interface SessionRow {
  readonly requestId: string;
  readonly state: string;
  readonly outcome: string;
  readonly path: string;
  readonly received: { readonly events: number };
  readonly sent: { readonly events: number };
  readonly explanation?: { readonly what: string; readonly why: string; readonly next: string };
}

function rows(messages: readonly Told[]): SessionRow[] {
  return messages.flatMap(({ sessions }) => (sessions as SessionRow[] | undefined) ?? []);
}

function steps(messages: readonly Told[]) {
  return messages.flatMap(({ type, steps: told }) => (type === 'steps' ? (told as Record<string, unknown>[]) : []));
}

function isEmpty(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

describe('who is answered', () => {
  test('the page and its files, with the token, protected', async () => {
    for (const file of FILES) {
      const { status, headers } = await get(`${url.pathname}${file}`);
      expect([file, status]).toEqual([file, 200]);
      expect(headers['cache-control']).toBe('no-store');
      expect(headers['content-security-policy']).toContain("default-src 'none'; script-src 'self'");
      expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
      expect(headers['cross-origin-resource-policy']).toBe('same-origin');
      expect(headers['referrer-policy']).toBe('no-referrer');
    }
  });

  test.each([
    ['no token', '/', {}, 'GET', 403],
    ['another token', '/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/', {}, 'GET', 403],
    ['a rebound host', undefined, { host: 'evil.example' }, 'GET', 421],
    ['a foreign origin', undefined, { origin: 'https://evil.example' }, 'GET', 403],
    ['a page of another port of this machine', undefined, { origin: 'http://localhost:1' }, 'GET', 403],
    ['a null origin', undefined, { origin: 'null' }, 'GET', 403],
    ['another method', undefined, {}, 'POST', 405],
  ])('not: %s', async (_, path, headers, method, status) => {
    const answer = await get(path ?? url.pathname, headers as Record<string, string>, method);
    expect(answer.status).toBe(status);
    expect(answer.body).not.toContain('<html');
  });

  test('no other file', async () => {
    for (const path of ['../recording.ts', '%2e%2e/recording.ts', 'toString', '__proto__', 'index.html']) {
      expect((await get(`${url.pathname}${path}`)).status).toBe(404);
    }
  });

  test.each([
    ['a foreign origin', { origin: 'https://evil.example' }, undefined, 403],
    ['a page of another port', { origin: 'http://localhost:1' }, undefined, 403],
    ['a rebound host', { host: 'evil.example' }, undefined, 421],
    ['no token', {}, '/socket', 403],
    ['another path', {}, 'other', 404],
  ])('no WebSocket: %s', async (_, headers, path, status) => {
    const full = path === 'other' ? `${url.pathname}other` : path;
    expect(await refusal(pageSocket(headers as Record<string, string>, full))).toBe(status);
  });

  test('no WebSocket without an origin', async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${url.port}${url.pathname}socket`, { headers: { host: url.host } });
    expect(await refusal(socket)).toBe(403);
  });

  test.each([
    ['longer than two kilobytes', 'x'.repeat(2_049), 1009],
    ['that is no JSON', 'follow', 1007],
    ['that is null', 'null', 1008],
    ['without a session', '{"follow":7}', 1008],
    ['that asks for two things', '{"follow":null,"clockScale":2}', 1008],
    ['that asks for what no page can', '{"toString":1}', 1008],
    ['with a fault that is no word', '{"faults":[1]}', 1008],
    ['with more faults than a page can choose', JSON.stringify({ faults: Array(17).fill('crash') }), 1008],
  ])('a message %s ends the page’s connection', async (_, message, code) => {
    const { socket } = await openPage();
    socket.send(message);
    expect((await once(socket, 'close'))[0]).toBe(code);
  });
});

describe('what a page is told', () => {
  test('the variables, the containers, and a session with both directions, step by step', async () => {
    const page = await openPage();
    const hello = await page.find(told => told.find(({ type }) => type === 'hello'));
    expect(hello.guide).toEqual({
      url: local.url,
      environment: local.environment(),
      unset: ['AWS_SESSION_TOKEN'],
      endpoints: [{ name: 'echo' }],
      faults: INJECTED_FAULT_KINDS,
      canTry: true,
    });
    await page.find(told => told.find(({ instances }) => JSON.stringify(instances ?? '').includes('in service')));

    const stream = await SignedStream.open(local, {
      headers: { 'x-amzn-sagemaker-model-query-string': 'act=echo' },
    });
    await stream.part('he', { DataType: 'UTF8', CompletionState: 'PARTIAL' });
    const requestId = (await stream.response)['x-amzn-requestid'] as string;
    page.socket.send(JSON.stringify({ follow: requestId }));
    await stream.part('llo', { DataType: 'UTF8', CompletionState: 'COMPLETE' });
    await stream.nth(1); // the container reads whole messages
    await stream.end();
    await stream.ended;
    const ended = await page.find(told => rows(told).find(row => row.requestId === requestId && row.state === 'ended'));
    expect(ended).toMatchObject({ outcome: 'ended', received: { events: 2 }, sent: { events: 1 } });
    expect(ended.explanation).toBeUndefined();
    const seen = await page.find(told => (steps(told).at(-1)?.type === 'closed' ? steps(told) : undefined));
    const messages = seen.filter(({ type }) => type === 'message');
    const part = (direction: string, words: string, completionState: string) => ({
      direction,
      dataType: 'UTF8',
      completionState,
      bytes: words.length,
      base64: Buffer.from(words).toString('base64'),
    });
    expect(messages.filter(({ direction }) => direction === 'received')).toMatchObject([
      part('received', 'he', 'PARTIAL'),
      part('received', 'llo', 'COMPLETE'),
    ]);
    expect(messages.filter(({ direction }) => direction === 'sent')).toMatchObject([part('sent', 'hello', 'COMPLETE')]);
    expect(seen.map(({ type }) => type)).toContain('input-ended');
    expect(seen.at(-1)).toMatchObject({ type: 'closed', code: 1000 });
    await page.close();
  });

  test('why a session broke, in three sentences', async () => {
    const page = await openPage();
    const stream = await SignedStream.open(local, {
      headers: { 'x-amzn-sagemaker-model-query-string': 'act=close&code=4321&reason=gone' },
    });
    await stream.part('go');
    await stream.ended;
    const row = await page.find(told => rows(told).find(({ outcome }) => outcome === 'ModelStreamError'));
    expect(row.explanation).toMatchObject({
      what: expect.stringContaining('closed the WebSocket with code 4321'),
      why: expect.any(String),
      next: expect.any(String),
    });
    page.socket.send(JSON.stringify({ follow: row.requestId }));
    const failed = await page.find(told => steps(told).find(({ type }) => type === 'failed'));
    expect(failed).toMatchObject({ error: 'ModelStreamError' });
    await page.close();
  });

  test('a request that was refused', async () => {
    const page = await openPage();
    await SignedStream.open(local, {
      headers: { 'x-amzn-sagemaker-model-query-string': 'act=refuse&status=418' },
    }).catch(() => {});
    const row = await page.find(told => rows(told).find(({ state }) => state === 'refused'));
    expect(row.explanation?.what).toContain(row.outcome);
    await page.close();
  });

  test('that a session is not kept', async () => {
    const page = await openPage();
    page.socket.send(JSON.stringify({ follow: 'unknown' }));
    await page.find(told => told.find(({ type }) => type === 'unknown-session'));
    await page.close();
  });
});

describe('what a page controls', () => {
  test('the faults of the next streams, by the words of --fault', async () => {
    const page = await openPage();
    page.socket.send(JSON.stringify({ faults: ['throttling', 'close=4000/2'] }));
    await page.find(told => told.find(({ type, refusal }) => type === 'controlled' && refusal === undefined));
    const chosen = ['throttling@opening', 'close@streaming=4000/2'];
    await page.find(told => told.find(({ faults }) => JSON.stringify(faults) === JSON.stringify(chosen)));
    await expect(SignedStream.open(local).then(stream => stream.response)).resolves.toMatchObject({ ':status': 400 });
    page.socket.send(JSON.stringify({ faults: [] }));
    await page.find(told => (told.at(-1)?.type === 'update' && isEmpty(told.at(-1)?.faults) ? true : undefined));
    const stream = await SignedStream.open(local);
    expect((await stream.response)[':status']).toBe(200);
    await stream.end();
    await stream.ended;
    await page.close();
  });

  test('a fault in one open stream, at once, and not in one that is over', async () => {
    const page = await openPage();
    const stream = await SignedStream.open(local, { headers: { 'x-amzn-sagemaker-model-query-string': 'act=echo' } });
    const requestId = (await stream.response)['x-amzn-requestid'] as string;
    const inject = { requestId, fault: 'internal-failure' };
    page.socket.send(JSON.stringify({ inject }));
    await stream.ended;
    const ended = await page.find(told => rows(told).find(row => row.requestId === requestId && row.state === 'ended'));
    expect(ended.outcome).toBe('InternalStreamFailure');
    page.socket.send(JSON.stringify({ inject }));
    const { refusal } = await page.find(told => told.find(message => message.refusal !== undefined));
    expect(refusal).toMatchObject({ why: 'The session is over.' });
    await page.close();
  });

  test.each([
    ['a fault that there is not', { faults: ['no-such-fault'] }],
    ['a fault of a phase that it does not have', { faults: ['throttling@closing'] }],
    ['a clock that stands', { clockScale: 0 }],
  ])('not %s', async (_, message) => {
    const page = await openPage();
    page.socket.send(JSON.stringify(message));
    const { refusal } = await page.find(told => told.find(({ type }) => type === 'controlled'));
    expect(refusal).toEqual({ what: expect.any(String), why: expect.any(String), next: expect.any(String) });
    const { faults, clockScale } = await page.find(told => told.findLast(({ type }) => type === 'update'));
    expect([faults, clockScale]).toEqual([[], 1]);
    await page.close();
  });

  test('the clock of the next streams: five pings are over in less than a second', async () => {
    const page = await openPage();
    page.socket.send(JSON.stringify({ clockScale: 3_600, faults: undefined }));
    await page.find(told => told.find(({ clockScale }) => clockScale === 3_600));
    const stream = await SignedStream.open(local, { headers: { 'x-amzn-sagemaker-model-query-string': 'act=echo' } });
    const requestId = (await stream.response)['x-amzn-requestid'] as string;
    page.socket.send(JSON.stringify({ follow: requestId }));
    // A ping a minute: sixty of them an hour, which passes in a second.
    await page.find(told => (steps(told).filter(({ type }) => type === 'ping').length >= 5 ? true : undefined));
    page.socket.send(JSON.stringify({ clockScale: 1 }));
    await stream.end();
    await stream.ended;
    await page.close();
  });
});

describe('a stream of the page’s own', () => {
  test('goes the way of every other: the request, what it sends, and what comes', async () => {
    const socket = pageSocket({}, `${url.pathname}try`);
    await once(socket, 'open');
    socket.send(JSON.stringify({ endpointName: 'echo', kind: 'messages', path: 'a', query: 'b=c' }));
    socket.send(JSON.stringify({ text: 'hello' }));
    socket.send(Buffer.from([1, 2]));
    socket.send(JSON.stringify({ finish: true }));
    const answers: unknown[] = [];
    socket.on('message', (data, isBinary) => answers.push(isBinary ? [...(data as Buffer)] : JSON.parse(String(data))));
    await once(socket, 'close');
    expect(answers).toEqual([{ type: 'message', text: 'hello' }, [1, 2], { type: 'done' }]);
    expect(trials).toMatchObject([
      { endpointName: 'echo', kind: 'messages', path: 'a', query: 'b=c', url: local.url, region: local.region },
    ]);
  });

  test('is cut when the page goes', async () => {
    const socket = pageSocket({}, `${url.pathname}try`);
    await once(socket, 'open');
    socket.send(JSON.stringify({ endpointName: 'echo', kind: 'messages' }));
    socket.send(JSON.stringify({ text: 'hello' }));
    await once(socket, 'message');
    const cut = once(aborts, 'abort');
    socket.terminate();
    await cut;
  });

  test.each([
    ['a first message that is no request', '{"kind":"messages"}', 1008],
    ['an unknown kind', '{"endpointName":"echo","kind":"other"}', 1008],
    ['an unknown protocol', '{"endpointName":"echo","kind":"speak","protocol":"smoke"}', 1008],
    ['a message longer than 64 KiB', 'x'.repeat(64 * 1_024 + 1), 1009],
  ])('is not opened by %s', async (_, message, code) => {
    const before = trials.length;
    const socket = pageSocket({}, `${url.pathname}try`);
    await once(socket, 'open');
    socket.send(message);
    expect((await once(socket, 'close'))[0]).toBe(code);
    expect(trials).toHaveLength(before);
  });

  test.each([
    ['a foreign origin', { origin: 'https://evil.example' }, undefined, 403],
    ['a page of another port', { origin: 'http://localhost:1' }, undefined, 403],
    ['a rebound host', { host: 'evil.example' }, undefined, 421],
    ['no token', {}, '/try', 403],
  ])('is not opened for %s', async (_, headers, path, status) => {
    const socket = pageSocket(headers as Record<string, string>, path ?? `${url.pathname}try`);
    expect(await refusal(socket)).toBe(status);
  });

  test('is not there without a function that opens it', async () => {
    const plain = await startLocal({ inspector: true });
    const { host, origin, port, pathname } = new URL(plain.inspectorUrl!);
    const socket = new WebSocket(`ws://127.0.0.1:${port}${pathname}try`, { headers: { host, origin } });
    expect(await refusal(socket)).toBe(404);
    await plain.close();
  });
});

test('without the option there is no page', async () => {
  const plain = await startLocal();
  expect(plain.inspectorUrl).toBeUndefined();
  await plain.close();
});

test('closing the local SageMaker closes its pages and the port', async () => {
  const other = await startLocal({ inspector: true });
  const { host, origin, port, pathname } = new URL(other.inspectorUrl!);
  const socket = new WebSocket(`ws://127.0.0.1:${port}${pathname}socket`, { headers: { host, origin } });
  await once(socket, 'open');
  const closed = once(socket, 'close');
  await other.close();
  await closed;
  await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow();
});

test('the page is small, loads nothing from elsewhere, and its programs are those of docs/local.md', () => {
  const own = OWN_FILES.map(file => readFileSync(join(PAGE, file), 'utf8'));
  const chart = Object.values(CHART_FILES).map(file => readFileSync(require.resolve(`uplot/dist/${file}`), 'utf8'));
  expect(gzipSync([...own, ...chart].join('')).length).toBeLessThan(150_000);
  expect(own.join('').match(/https?:\/\/[\w.]+|innerHTML/g)).toBeNull();
  const { code } = transformSync(readFileSync(join(PAGE, 'snippets.mjs'), 'utf8'), { format: 'cjs' });
  const module = { exports: {} as Record<string, (endpointName: string) => string> };
  new Function('module', code)(module);
  const page = readFileSync(join(ROOT, 'docs/local.md'), 'utf8');
  for (const [name, language] of Object.entries({ typeScript: 'ts', python: 'python', java: 'java', rust: 'rust' })) {
    const [, block = ''] = new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(page)!;
    expect(module.exports[name]!('echo')).toBe(block.trim().replace("'echo'", '"echo"'));
  }
});
