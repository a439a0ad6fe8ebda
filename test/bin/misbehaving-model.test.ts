/** Nothing ends early in silence: with a model that misbehaves, every command that streams exits with 1 and gives the reason. */
import { join } from 'node:path';
import { finished, LocalModels } from './support/local-models';

const SAMPLE = join(__dirname, '..', '..', 'examples', 'sample.wav');
const MODEL = ['--local', '--endpoint', 'misbehaving'];

let models: LocalModels;
beforeAll(async () => {
  models = await LocalModels.startMisbehaving();
}, 60_000);
afterAll(() => models?.[Symbol.asyncDispose]());

const COMMANDS = {
  invoke: () => ['invoke', 'one', 'two', '--wait', '0.2'],
  transcribe: () => ['transcribe', SAMPLE, '--speed', 'max'],
  speak: () => ['speak', 'Hello there.', '-o', join(models.directory, 'out.wav')],
};

type Case = readonly [query: string, invoke: RegExp, transcribe: RegExp, speak: RegExp];

/** Part of the query, which the container acts by, and the reason that each command gives. */
const CASES: readonly Case[] = [
  ['act=close&code=1000&now=1', /Nothing came back/, /the model ended it too early/, /before it was sent Close/],
  [
    'act=close&code=1000',
    /Nothing came back/,
    /ended it too early|had said that everything was sent/,
    /before it was sent Close/,
  ],
  ['act=close&code=1011&reason=broken', /1011: broken/, /1011: broken/, /1011: broken/],
  ['act=hangup', /StreamBroken/, /StreamBroken/, /StreamBroken/],
  ['act=error-frame', /OVERLOADED: try\s+later/, /OVERLOADED: try\s+later/, /OVERLOADED: try\s+later/],
  ['act=refuse', /refused the stream/, /refused the stream/, /refused the stream/],
  ['act=drop', /refused the stream/, /refused the stream/, /refused the stream/],
];

test.each(CASES)('a model that does "%s"', async (query, ...reasons) => {
  const parameters = query.split('&').flatMap(pair => ['--query', pair]);
  const ends = await Promise.all(
    Object.values(COMMANDS).map(words => finished(models.bidi([...words(), ...MODEL, ...parameters]), '')),
  );
  expect(ends.map(({ code }) => code)).toEqual([1, 1, 1]);
  ends.forEach(({ stderr }, index) => {
    expect(stderr.replace(/\s+/g, ' ')).toMatch(reasons[index]!);
    // Reading stopped with the stream, which says nothing of the file, and nothing of what was lost.
    expect(stderr).not.toMatch(/The file ends|no audio was lost/);
  });
});
