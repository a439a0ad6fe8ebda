/**
 * Clients that nobody here wrote, unmodified but for their URL, through the gateway to the local SageMaker. The table of
 * docs/gateway.md says what they are and in which versions.
 */
import { deepStrictEqual, match, ok, strictEqual } from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { launchChromium } from '../chromium/chromium';
import { type Finished, run } from '../processes';
import type { Scorecard } from '../scorecard';
import { REPOSITORY } from '../tool-directory';
import { buildGoProgram } from '../tools/go';
import { nodePackages } from '../tools/node';
import { pythonEnvironment } from '../tools/python';
import { installRustProgram } from '../tools/rust';
import { playAutobahn } from '../websocket-conformance';
import { transcribeWithOpenAi } from './openai';
import { PAGE, Stage, TOKEN } from './stage';

const HERE = __dirname;
const RECORDING = join(REPOSITORY, 'examples', 'sample.wav');
const WAV_HEADER_BYTES = 44;
const CLIENT_TIMEOUT_MS = 60_000;

/** The words of the recording, as Deepgram's protocol has them without punctuation. */
const SENTENCES = ['i need help with my account balance', 'i can help with that', 'and recent charges'];

/** The same as it is punctuated. */
const TRANSCRIPT = 'I need help with my account balance. I can help with that and recent charges.';

/** What an agent of LiveKit's, or a pipeline of Pipecat's, heard. */
interface AgentResult {
  readonly interim: number;
  readonly finals: readonly string[];
}

/** What Deepgram's SDKs heard and what they had spoken. */
interface DeepgramResult {
  readonly listen: { readonly interim: number; readonly finals: readonly string[]; readonly errors: readonly string[] };
  readonly speak: { readonly bytes: number; readonly types: readonly string[] };
}

/** What a plain WebSocket library had back from the echo container. */
interface EchoResult {
  readonly text: string;
  readonly binary: readonly number[];
  readonly close: number;
  /** HTTP status of an open without a token. */
  readonly refused: number;
}

export async function checkGatewayClients(directory: string, scorecard: Scorecard): Promise<void> {
  await using stage = await Stage.start(directory);
  const clients = [checkPython, checkPipecat, checkNode, checkLiveKit, checkGo, checkWebsocat, checkBrowser];
  await Promise.all(clients.map(check => check(stage, scorecard, directory)));
  await playAutobahn(
    { name: 'the gateway before the echo container', url: `${stage.open.url}/echo` },
    directory,
    scorecard,
  );
}

async function checkPython(stage: Stage, scorecard: Scorecard, directory: string): Promise<void> {
  const executables = await scorecard.check("Deepgram's SDK for Python is installed", () =>
    pythonEnvironment('gateway', { from: '3.10', to: '3.13' }, join(HERE, 'python', 'requirements.txt')),
  );
  if (!executables) return;
  const python = (words: readonly string[], cwd = directory): Promise<Finished> =>
    run(join(executables, 'python'), ['-B', ...words], { cwd, timeoutMs: CLIENT_TIMEOUT_MS, isPrinted: false });
  await Promise.all([
    scorecard.check("the guide's program, with Deepgram's SDK for Python, as it stands there", async () => {
      const program = join(directory, 'guide.py');
      writeFileSync(program, guideProgram(hostOf(stage.open.url)));
      const { stdout } = await python([program], join(REPOSITORY, 'examples'));
      deepStrictEqual(stdout.trim().split('\n'), SENTENCES);
    }),
    scorecard.check("Deepgram's SDK for Python transcribes and speaks, with a token", async () => {
      const program = join(HERE, 'python', 'deepgram_client.py');
      expectDeepgram(resultOf(await python([program, hostOf(stage.guarded.url), TOKEN, RECORDING])));
    }),
    scorecard.check(
      "Python's websockets carries text, bytes and fragments, and is refused without a token",
      async () => {
        const program = join(HERE, 'python', 'websockets_client.py');
        const result = resultOf<EchoResult & { fragments: string }>(
          await python([program, `${stage.guarded.url}/echo`, TOKEN]),
        );
        expectEcho(result);
        strictEqual(result.fragments, 'in pieces');
      },
    ),
  ]);
}

async function checkPipecat(stage: Stage, scorecard: Scorecard, directory: string): Promise<void> {
  const requirements = join(HERE, 'pipecat', 'requirements.txt');
  const executables = await scorecard.check("Pipecat's service for Deepgram is installed", () =>
    pythonEnvironment('pipecat', { from: '3.12', to: '3.12' }, requirements, { withDependencies: false }),
  );
  if (!executables) return;
  await scorecard.check("Pipecat's service for Deepgram transcribes in a pipeline", async () => {
    const words = ['-B', join(HERE, 'pipecat', 'pipecat_client.py'), stage.guarded.url, TOKEN, RECORDING];
    const options = { cwd: directory, timeoutMs: CLIENT_TIMEOUT_MS, isPrinted: false };
    const { interim, finals, errors } = resultOf<AgentResult & { errors: readonly string[] }>(
      await run(join(executables, 'python'), words, options),
    );
    strictEqual(finals.join(' '), TRANSCRIPT);
    deepStrictEqual(errors, []);
    ok(interim > 0, 'no interim result');
  });
}

/** The program of docs/gateway.md for an address of this run. */
function guideProgram(host: string): string {
  const guide = readFileSync(join(REPOSITORY, 'docs', 'gateway.md'), 'utf8');
  const [, program] = /```python\n([\s\S]*?)```/.exec(guide) ?? [];
  if (!program?.includes('127.0.0.1:8080')) throw new Error('docs/gateway.md holds no program for 127.0.0.1:8080');
  return program.replaceAll('127.0.0.1:8080', host);
}

async function checkNode(stage: Stage, scorecard: Scorecard, directory: string): Promise<void> {
  const modules = await scorecard.check("Deepgram's SDK for JavaScript, OpenAI's and wscat are installed", () =>
    nodePackages('gateway', join(HERE, 'node')),
  );
  if (!modules) return;
  await Promise.all([
    scorecard.check("Deepgram's SDK for JavaScript transcribes and speaks, with a token", async () => {
      expectDeepgram(resultOf(await node('node/deepgram.cjs', modules, [hostOf(stage.guarded.url), TOKEN, RECORDING])));
    }),
    scorecard.check("OpenAI's package transcribes in turns, and is told that none is detected", async () => {
      const target = { url: `${stage.secure.url}/openai/v1`, certificateFile: stage.certificateFile, modules };
      const samples = readFileSync(RECORDING).subarray(WAV_HEADER_BYTES);
      const heard = await transcribeWithOpenAi(target, samples, directory);
      const { transcript, deltas, item, committed, errors, detection } = heard;
      deepStrictEqual(errors, []);
      strictEqual(transcript, TRANSCRIPT);
      ok(deltas > 1, `${deltas} deltas`);
      strictEqual(item, committed);
      match(detection, /detects no turns/);
    }),
    scorecard.check('wscat has its text back', async () => {
      const wscat = join(modules, 'wscat', 'bin', 'wscat');
      const header = `authorization: Bearer ${TOKEN}`;
      const words = ['-c', `${stage.guarded.url}/echo`, '-H', header, '-x', 'hello', '-w', '1'];
      const { stdout } = await run(process.execPath, [wscat, ...words], { isPrinted: false, input: 'open' });
      match(stdout, /hello/);
    }),
  ]);
}

async function checkLiveKit(stage: Stage, scorecard: Scorecard): Promise<void> {
  const modules = await scorecard.check("LiveKit's agents are installed", () =>
    nodePackages('livekit', join(HERE, 'livekit')),
  );
  if (!modules) return;
  const transcribe = async (plugin: string, baseURL: string): Promise<AgentResult> =>
    resultOf(await node('livekit/livekit.cjs', modules, [plugin, baseURL, TOKEN, RECORDING]));
  await Promise.all([
    scorecard.check("LiveKit's plugin for Deepgram transcribes", async () => {
      const { interim, finals } = await transcribe('deepgram', stage.guarded.url);
      strictEqual(finals.join(' '), TRANSCRIPT);
      ok(interim > 0, 'no interim result');
    }),
    scorecard.check("LiveKit's plugin for OpenAI transcribes, with turns that the agent ends", async () => {
      const { interim, finals } = await transcribe('openai', `${stage.guarded.url.replace('ws', 'http')}/openai/v1`);
      // Its own change of rate keeps the last milliseconds, in which the simulator's last word ends.
      strictEqual(finals.length, 1);
      ok(TRANSCRIPT.startsWith(finals[0]!) && finals[0]!.endsWith('and recent'), finals[0]);
      ok(interim > 0, 'no interim result');
    }),
  ]);
}

async function checkGo(stage: Stage, scorecard: Scorecard): Promise<void> {
  await scorecard.check("Go's gorilla/websocket and coder/websocket carry text and bytes", async () => {
    const program = await buildGoProgram(join(HERE, 'go'), 'bidi-interop-gateway');
    const finished = await run(program, [`${stage.guarded.url}/echo`, TOKEN], { isPrinted: false });
    const { gorilla, coder } = resultOf<Record<'gorilla' | 'coder', EchoResult>>(finished);
    expectEcho(gorilla);
    expectEcho(coder);
  });
}

async function checkWebsocat(stage: Stage, scorecard: Scorecard): Promise<void> {
  await scorecard.check('websocat has its line back', async () => {
    const websocat = await installRustProgram('websocat', '1.14.1', 'unix_stdio');
    // With one message back it ends.
    const words = ['-c', 'echo hello | "$0" --no-close --one-message "-H=$2" "$1"', websocat];
    const { stdout } = await run('sh', [...words, `${stage.guarded.url}/echo`, `Authorization: Bearer ${TOKEN}`], {
      isPrinted: false,
    });
    strictEqual(stdout, 'hello\n');
  });
}

async function checkBrowser(stage: Stage, scorecard: Scorecard): Promise<void> {
  await scorecard.check("Chromium's WebSocket carries text and bytes, with its token as a subprotocol", async () => {
    await using browser = await launchChromium();
    const page = await browser.newPage();
    await page.route(`${PAGE}/`, route => route.fulfill({ contentType: 'text/html', body: '' }));
    await page.goto(`${PAGE}/`);
    const result = (await page.evaluate(BROWSER_CLIENT(`${stage.guarded.url}/echo`, TOKEN))) as EchoResult;
    expectEcho({ ...result, refused: 401 }); // a page is not told the status
  });
}

/** Runs in the page. */
const BROWSER_CLIENT = (url: string, token: string): string => `new Promise((resolve, reject) => {
  const socket = new WebSocket(${JSON.stringify(url)}, ['token', ${JSON.stringify(token)}]);
  const result = {};
  socket.binaryType = 'arraybuffer';
  socket.onopen = () => { socket.send('grüße'); socket.send(new Uint8Array([0, 255])); };
  socket.onmessage = ({ data }) => {
    if (typeof data === 'string') { result.text = data; return; }
    result.binary = [...new Uint8Array(data)];
    socket.close(1000);
  };
  socket.onclose = ({ code }) => resolve({ ...result, close: code });
  socket.onerror = () => reject(new Error('the WebSocket failed'));
})`;

/** Runs a program of this folder with packages that are no dependencies of the kit. */
function node(
  program: string,
  modules: string,
  words: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<Finished> {
  return run(process.execPath, [join(HERE, program), ...words], {
    env: { ...env, NODE_PATH: modules },
    timeoutMs: CLIENT_TIMEOUT_MS,
    isPrinted: false,
  });
}

function expectDeepgram({ listen, speak }: DeepgramResult): void {
  deepStrictEqual(listen.finals, SENTENCES);
  deepStrictEqual(listen.errors, []);
  ok(listen.interim > 0, 'no interim result');
  deepStrictEqual(speak.types, ['Metadata', 'Flushed']);
  ok(speak.bytes > 10_000, `${speak.bytes} bytes of speech`);
}

function expectEcho({ text, binary, close, refused }: EchoResult): void {
  deepStrictEqual({ text, binary, close, refused }, { text: 'grüße', binary: [0, 255], close: 1000, refused: 401 });
}

function resultOf<T>({ stdout }: Finished): T {
  return JSON.parse(stdout) as T;
}

function hostOf(url: string): string {
  return new URL(url).host;
}
