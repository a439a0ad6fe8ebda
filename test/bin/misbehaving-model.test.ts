/**
 * Nothing ends early in silence: with a model that misbehaves, every command that streams exits with 1 and gives the reason. What the
 * model sends late, but before it ends in order, is no fault and arrives.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { TYPESCRIPT } from '../typescript-process';
import { type Finished, finished, LocalModels } from './support/local-models';

const SAMPLE = join(__dirname, '..', '..', 'examples', 'sample.wav');

let models: LocalModels;
beforeAll(async () => {
  models = await LocalModels.startMisbehaving('invoke', 'transcribe', 'speak');
});
afterAll(() => models?.[Symbol.asyncDispose]());

const speech = (name: string) => join(models.directory, `${name}.wav`);

const COMMANDS = {
  invoke: () => ['invoke', 'one', 'two', '--wait', '0.2'],
  transcribe: () => ['transcribe', SAMPLE, '--speed', 'max'],
  speak: (output = 'out') => ['speak', 'Hello there.', '-o', speech(output)],
};

type Command = keyof typeof COMMANDS;

/** Runs a command against a model that acts by the query; the words on stderr come without line breaks. */
async function act(command: Command, query: readonly string[], output?: string): Promise<Finished> {
  const words = [...COMMANDS[command](output), '--local', '--endpoint', command];
  const parameters = query.flatMap(pair => ['--query', pair]);
  const { stderr, ...rest } = await finished(models.bidi([...words, ...parameters]), '');
  return { ...rest, stderr: stderr.replace(/\s+/g, ' ') };
}

type Case = readonly [query: string, invoke: RegExp, transcribe: RegExp, speak: RegExp];

/** Part of the query, which the container acts by, and the reason that each command gives. */
const CASES: readonly Case[] = [
  [
    'act=close&code=1000&now=1',
    /The model ended the stream/,
    /the model ended it too early/,
    /before it was sent Close/,
  ],
  [
    'act=close&code=1000',
    /ended the stream after 0 messages for the 2 sent/,
    /ended it too early|had said that everything was sent/,
    /before it was sent Close/,
  ],
  ['act=close&code=1011&reason=broken', /1011: broken/, /1011: broken/, /1011: broken/],
  ['act=hangup', /StreamBroken/, /StreamBroken/, /StreamBroken/],
  ['act=error-frame', /OVERLOADED: try later/, /OVERLOADED: try later/, /OVERLOADED: try later/],
  ['act=refuse', /refused the stream/, /refused the stream/, /refused the stream/],
  ['act=drop', /refused the stream/, /refused the stream/, /refused the stream/],
  // The container's process ends, and is started again by the local SageMaker. Last, because it takes its time.
  ['act=crash', /StreamBroken/, /StreamBroken/, /StreamBroken/],
];

test.each(CASES)('a model that does "%s"', async (query, ...reasons) => {
  const commands = Object.keys(COMMANDS) as Command[];
  const ends = await Promise.all(commands.map(command => act(command, query.split('&'))));
  expect(ends.map(({ code }) => code)).toEqual([1, 1, 1]);
  ends.forEach(({ stderr }, index) => {
    expect(stderr).toMatch(reasons[index]!);
    // Reading stopped with the stream, which says nothing of the file, and nothing of what was lost.
    expect(stderr).not.toMatch(/The file ends|no audio was lost/);
  });
});

const TAIL = JSON.stringify({
  type: 'Results',
  start: 0,
  duration: 4.5,
  is_final: true,
  speech_final: true,
  channel: { alternatives: [{ transcript: 'the tail', confidence: 1, words: [] }] },
});
const METADATA = JSON.stringify({ type: 'Metadata', request_id: 'r', duration: 4.5, channels: 1 });

/** The container's acts, the exit code, what is printed of its words, and the reason. */
const PARTS: readonly (readonly [Command, query: string[], code: number, stdout: string, stderr: RegExp])[] = [
  ['invoke', ['act=some', 'answers=0'], 1, '', /^2 messages sent, 0 messages received\. Nothing came back\. why: /],
  ['invoke', ['act=some', 'answers=1'], 0, 'one\n', /1 message received.* Fewer came back than were sent\./],
  ['invoke', ['act=some', 'answers=1', 'code=1000'], 1, 'one\n', /ended the stream after 1 message for the 2 sent/],
  ['invoke', ['act=close-late', 'code=1000'], 0, 'last words\n', /1 message received/],
  ['invoke', ['act=close-late', 'code=1011'], 1, 'last words\n', /1011: late/],
  ['transcribe', ['act=after-close', `say=${TAIL}`, `say=${METADATA}`, 'code=1000'], 0, 'the tail\n', /^$/],
  ['transcribe', ['act=after-close', `say=${TAIL}`, 'code=1000'], 1, 'the tail\n', /up to 4\.50 s is final/],
  ['transcribe', ['act=after-close', `say=${TAIL}`, 'code=1011'], 1, 'the tail\n', /code 1011.*up to 4\.50 s is final/],
];

test('of what came, everything is printed, and what is missing is an error', async () => {
  const ends = await Promise.all(PARTS.map(([command, query]) => act(command, query)));
  expect(ends.map(({ code, stdout }) => [code, stdout])).toEqual(PARTS.map(([, , code, stdout]) => [code, stdout]));
  ends.forEach(({ stderr }, index) => {
    expect(stderr).toMatch(PARTS[index]![4]);
  });
});

test('speech that comes after the close message is in the file, and speech that is cut off is kept and told', async () => {
  const [late, cut] = await Promise.all([
    act('speak', ['act=after-close', 'audio=4800', 'code=1000'], 'late'),
    act('speak', ['act=some', 'answers=1', 'audio=4800', 'code=1000'], 'cut'),
  ]);
  expect([late.code, cut.code]).toEqual([0, 1]);
  expect([readFileSync(speech('late')).length, readFileSync(speech('cut')).length]).toEqual([4_844, 4_844]);
  expect(cut.stderr).toMatch(/0\.1 s of speech.* The model ended the stream before it was sent Close/);
});

test('a model that ends the stream while more is being written to stdin', async () => {
  const query = ['--query', 'act=some', '--query', 'answers=1', '--query', 'code=1000'];
  const child = models.bidi(['invoke', '--local', '--endpoint', 'invoke', ...query]);
  const done = finished(child);
  child.stdin!.write('one\n');
  const { code, stdout, stderr } = await done;
  expect([code, stdout]).toEqual([1, 'one\n']);
  expect(stderr).toContain('The model ended the stream while stdin was still open.');
});

test('a local SageMaker that is killed in the middle of a stream', async () => {
  const local = spawn(process.execPath, [...TYPESCRIPT, join(__dirname, 'support', 'misbehaving-local.ts')]);
  const [directory] = (await once(local.stdout, 'data')) as [Buffer];
  const environment = { ...models.environment, HOME: `${directory}`, XDG_CACHE_HOME: `${directory}` };
  const child = models.bidi(['invoke', '--local', '--endpoint', 'misbehaving'], environment);
  const done = finished(child);
  child.stdin!.write('one\n');
  await once(child.stdout!, 'data');
  local.kill('SIGKILL');
  const { code, stdout, stderr } = await done;
  rmSync(`${directory}`, { recursive: true, force: true });
  expect([code, stdout]).toEqual([1, 'one\n']);
  expect(stderr.replace(/\s+/g, ' ')).toMatch(/The stream to "misbehaving".* broke/);
});
