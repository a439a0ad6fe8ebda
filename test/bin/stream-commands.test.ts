import { once } from 'node:events';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { finished, LocalModels } from './support/local-models';

const SAMPLE = join(__dirname, '..', '..', 'examples', 'sample.wav');
const LINES = ['I need help with my account balance.', 'I can help with that', 'and recent charges.'];
/** What a simulator says of itself, on every terminal that its words reach. */
const NOTICE =
  'The model notes: This is a simulator. It plays a script and makes tones; it does\nnot recognise or synthesise speech.\n';
const SPEECH = ['--local', '--stack', 'DeepgramStack'];

let models: LocalModels;
beforeAll(async () => {
  models = await LocalModels.start();
});
afterAll(() => models?.[Symbol.asyncDispose]());

const run = (...words: string[]) => finished(models.bidi(words), '');

describe('bidi invoke', () => {
  it('sends each argument, prints each answer, and counts on stderr', async () => {
    const { code, stdout, stderr } = await run(
      'invoke',
      'I need help with',
      'my account balance',
      '--local',
      '--endpoint',
      'echo',
    );
    expect(stdout).toBe('I need help with\nmy account balance\n');
    expect(stderr).toMatch(/^2 messages sent, 2 messages received, the first after \d+ ms\.\n$/);
    expect(code).toBe(0);
  });

  it('sends the lines of stdin, binary when told to, and answers as JSON', async () => {
    const child = models.bidi(['invoke', '--binary', '--json', '--local', '--stack', 'EchoBidiStack']);
    const { code, stdout } = await finished(child, 'one\ntwo\n');
    expect(stdout).toBe('{"type":"binary","bytes":3,"base64":"b25l"}\n{"type":"binary","bytes":3,"base64":"dHdv"}\n');
    expect(code).toBe(0);
  });

  it('sends the bytes of stdin as they are', async () => {
    const child = models.bidi(['invoke', '--binary', '--json', '--local', '--endpoint', 'echo']);
    const { code, stdout } = await finished(child, Buffer.from('y\xff\xfe\n\r\0\r\n', 'latin1'));
    expect(
      stdout
        .trim()
        .split('\n')
        .map(line => JSON.parse(line).base64),
    ).toEqual([Buffer.from('y\xff\xfe', 'latin1').toString('base64'), Buffer.from('\r\0\r').toString('base64')]);
    expect(code).toBe(0);
  });

  it.each([
    ['in a line', 'fine\r\nye\xff\xfe\nnever\n', 'byte 0xff at offset 2'],
    ['at the end, which cuts a character', 'fine\nye\xc3', 'byte 0xc3 at offset 2'],
  ])('refuses text that is not UTF-8 by line and offset, %s, and sends what came before', async (_where, input, at) => {
    const child = models.bidi(['invoke', '--local', '--endpoint', 'echo']);
    const { code, stdout, stderr } = await finished(child, Buffer.from(input, 'latin1'));
    expect(stderr).toContain(`Line 2 of stdin is not UTF-8: ${at} of the line.`);
    expect([code, stdout]).toEqual([2, 'fine\n']);
  });

  it('fails with 1 and three lines when the model refuses the stream', async () => {
    const { code, stdout, stderr } = await run('invoke', 'hi', '--local', '--endpoint', 'echo', '--path', 'not/there');
    expect(stdout).toBe('');
    expect(stderr).toMatch(/refused the stream[\s\S]*\n {2}why: [\s\S]*\n {2}next: /);
    expect(stderr).toContain('--path and --query');
    expect(stderr.replace(/\s+/g, ' ')).toContain(
      'A Deepgram model takes `bidi transcribe` or `bidi speak`. Served here: EchoBidiStack, DeepgramStack.',
    );
    expect(code).toBe(1);
  });
});

describe('bidi transcribe', () => {
  it('prints final lines only where nobody watches', async () => {
    const { code, stdout, stderr } = await run('transcribe', SAMPLE, ...SPEECH, '--speed', '10');
    expect(stdout).toBe(`${LINES.join('\n')}\n`);
    expect(stderr).toBe(NOTICE);
    expect(code).toBe(0);
  });

  it('reads bare samples from stdin and writes captions', async () => {
    const child = models.bidi([
      'transcribe',
      '-',
      ...SPEECH,
      '--encoding',
      'linear16',
      '--sample-rate',
      '16000',
      '--speed',
      'max',
      '--vtt',
    ]);
    const { code, stdout } = await finished(child, readFileSync(SAMPLE).subarray(44));
    expect(stdout).toMatch(
      /^WEBVTT\n\n1\n00:00:00\.000 --> 00:00:01\.\d{3}\nI need help with my account balance\.\n\n2\n/,
    );
    expect(code).toBe(0);
  });

  it('says what a simulator of Flux says of itself, once and before the end', async () => {
    const { stderr } = await run('transcribe', SAMPLE, ...SPEECH, '--model', 'flux-general-en', '--speed', 'max');
    expect(stderr).toBe(NOTICE);
  });

  it('gives every message of Flux as JSON', async () => {
    const { code, stdout } = await run(
      'transcribe',
      SAMPLE,
      ...SPEECH,
      '--model',
      'flux-general-en',
      '--speed',
      'max',
      '--json',
    );
    const messages = stdout
      .trim()
      .split('\n')
      .map(line => JSON.parse(line) as { type: string; event?: string });
    expect(messages[0]!.type).toBe('Connected');
    expect(messages.some(({ event }) => event === 'EndOfTurn')).toBe(true);
    expect(code).toBe(0);
  });

  it('keeps what was heard when it is interrupted, closes in order, and says so by its exit code', async () => {
    const child = models.bidi(['transcribe', SAMPLE, ...SPEECH]);
    const done = finished(child);
    await once(child.stdout!, 'data'); // the first line, after two of the recording's four and a half seconds
    child.kill('SIGINT');
    const { code, stdout } = await done;
    expect(stdout.startsWith(`${LINES[0]}\n`)).toBe(true);
    expect(stdout).not.toContain('charges');
    expect(code).toBe(130);
    expect(models.local.openSessions).toBe(0);
  });

  it('ends with 2 for what cannot run, and says what to do', async () => {
    const wrong = await Promise.all([
      run('transcribe', 'not-there.wav', ...SPEECH),
      run('transcribe', __filename, ...SPEECH),
      run('transcribe', SAMPLE, ...SPEECH, '--model', 'nova-2'),
      run('transcribe', SAMPLE),
      run('transcribe'),
      run('transcribe', SAMPLE, ...SPEECH, '--model', 'flux-general-en', '--language', 'de'),
      run('speak', 'Hello.', '-o', '/not/there/out.wav', ...SPEECH),
    ]);
    expect(wrong.map(({ code }) => code)).toEqual([2, 2, 2, 2, 2, 2, 2]);
    expect(wrong.map(({ stderr }) => stderr.split('\n')[0])).toEqual([
      'not-there.wav does not exist.',
      'The input is no kind of audio file that is known here.',
      expect.stringMatching(/^model=nova-2 is none of/),
      'Nothing is named to stream to.',
      "error: missing required argument 'file'",
      expect.stringMatching(/^language is not allowed/),
      'There is no folder /not/there.',
    ]);
  });
});

describe('an interruption while a stream is being opened', () => {
  it('ends at once', async () => {
    const server = createServer(socket => socket.on('error', () => undefined)).listen(0, 'localhost');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const environment = { ...models.environment, ...models.local.environment() };
    const child = models.bidi(['invoke', 'hi', '--endpoint', 'echo'], {
      ...environment,
      AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME_HTTP2: `http://localhost:${port}`,
    });
    const done = finished(child);
    await once(server, 'connection'); // it waits for an answer that never comes
    child.kill('SIGINT');
    expect(await done).toEqual({ code: 130, stdout: '', stderr: '' });
    server.close();
  });
});

describe('bidi speak', () => {
  it('writes a WAV file that says how long it is', async () => {
    const path = join(models.directory, 'hello.wav');
    const { code, stdout, stderr } = await run('speak', 'Hello there.', '-o', path, ...SPEECH);
    const file = readFileSync(path);
    expect(file.toString('latin1', 0, 4)).toBe('RIFF');
    expect(file.readUInt32LE(24)).toBe(24_000);
    expect(file.readUInt32LE(40)).toBe(file.length - 44);
    expect(file.length).toBeGreaterThan(10_000);
    expect(stdout).toBe('');
    expect(stderr.startsWith(NOTICE)).toBe(true);
    expect(stderr.slice(NOTICE.length)).toMatch(/^\d\.\d s of speech, in .*hello\.wav\.\n$/);
    expect(code).toBe(0);
  });

  it('keeps what was said when it is interrupted', async () => {
    const path = join(models.directory, 'interrupted.wav');
    const child = models.bidi([
      'speak',
      '-',
      '-o',
      path,
      ...SPEECH,
      '--model',
      'flux-haley-en',
      '--encoding',
      'mulaw',
      '--json',
    ]);
    const done = finished(child);
    child.stdin!.write('Hello there.\n');
    await once(child.stdout!, 'data'); // it is connected; the text has been sent, the input stays open
    await new Promise(resolve => setTimeout(resolve, 300));
    child.kill('SIGINT');
    const { code } = await done;
    expect(code).toBe(130);
    const file = readFileSync(path);
    expect(file.readUInt16LE(20)).toBe(7);
    expect(file.readUInt32LE(54)).toBe(statSync(path).size - 58 - (file.readUInt32LE(54) % 2));
    expect(file.readUInt32LE(54)).toBeGreaterThan(1_000);
  });

  it('refuses text that is not UTF-8, and writes no file', async () => {
    const path = join(models.directory, 'text.wav');
    const child = models.bidi(['speak', '-', '-o', path, ...SPEECH]);
    const { code, stderr } = await finished(child, Buffer.from('Gr\xfc\xdfe.\n', 'latin1'));
    expect(stderr).toContain('Line 1 of stdin is not UTF-8: byte 0xfc at offset 2 of the line.');
    expect([code, existsSync(path)]).toEqual([2, false]);
  });

  it('leaves an old file alone when the stream cannot be opened', async () => {
    const path = join(models.directory, 'old.wav');
    writeFileSync(path, 'old');
    const { code } = await run('speak', 'Hello.', '-o', path, '--local', '--endpoint', 'echo');
    expect(code).toBe(1);
    expect(readFileSync(path, 'utf8')).toBe('old');
  });
});

describe('where a command streams to', () => {
  const invoke = (...words: string[]) => run('invoke', 'hi', ...words);

  it('is said when there is more than one, or none', async () => {
    const [several, none, elsewhere] = await Promise.all([
      invoke('--local'),
      invoke('--local', '--stack', 'Nowhere'),
      invoke('--local', 'https://localhost:1', '--endpoint', 'echo'),
    ]);
    expect(several.stderr).toMatch(/has more than one\s+endpoint\.\n.*They are echo, deepgram\./);
    expect(none.stderr).toMatch(
      /has no such\s+endpoint\.\n.*It serves echo \(EchoBidiStack\), deepgram \(DeepgramStack\)\./,
    );
    expect(elsewhere.stderr).toMatch(/No local SageMaker runs at https:\/\/localhost:1\./);
    for (const { code } of [several, none, elsewhere]) expect(code).toBe(2);
  });

  it('may be the local SageMaker by its URL', async () => {
    const { stdout, code } = await invoke(
      '--local',
      models.local.url.replace('localhost', '127.0.0.1'),
      '--endpoint',
      'echo',
    );
    expect([stdout, code]).toEqual(['hi\n', 0]);
  });
});
