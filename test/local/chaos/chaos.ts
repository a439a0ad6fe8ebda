import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EndpointDefinition, LocalSageMaker, type ModelDefinition } from '../../../lib/local';
import { TYPESCRIPT } from '../../typescript-process';
import { Random } from '../fuzz/random';
import { echoRound, type Heard, hear, listenRound, type Passed, playRound, type Recording } from './rounds';

const ROOT = join(__dirname, '..', '..', '..');
const WAV_HEADER_BYTES = 44;

const ECHO = endpoint('echo', {
  directory: join(__dirname, '..', 'soak'),
  command: [process.execPath, 'echo-container.js'],
  environment: {},
});

const DEEPGRAM = endpoint('deepgram', {
  directory: join(ROOT, 'container', 'speech-simulator'),
  command: [process.execPath, ...TYPESCRIPT, 'src/server.ts'],
  environment: { SIMULATOR_SPEED: 'max' },
});

/** Whole milliseconds of the recording, because the simulator's times are milliseconds. */
const RECORDING_MS = 4_594;

const RECORDING: Recording = {
  samples: readFileSync(join(ROOT, 'examples', 'sample.wav')).subarray(
    WAV_HEADER_BYTES,
    WAV_HEADER_BYTES + 32 * RECORDING_MS,
  ),
  audio: { encoding: 'linear16', sampleRate: 16_000 },
};

/**
 * Node.js 20 loses the reset of a TLS connection that comes while HTTP/2 writes: both sides then wait for their pings or limits. Node.js 22
 * and 24 do not. There the rounds are played without TLS.
 */
const TLS = Number(process.versions.node.split('.')[0]) >= 22;

/** Most connections that are cut in a round. */
const MOST_CUTS = 4;

/** Rounds that are played at the same time. */
const AT_ONCE = 8;

/** Milliseconds after which a round is taken to hang. */
const ROUND_MS = 30_000;

/** Milliseconds in which the local SageMaker has to notice the last cuts. */
const ENDED_MS = 5_000;

/**
 * `npm run test:chaos -- [ROUNDS] [SEED]`: sessions of a real local SageMaker whose TCP connections are cut at random moments, over HTTP/2
 * and, from Node.js 22 on, TLS: 300 rounds to an echo and 300 to the speech simulator unless told otherwise. Each is reproducible by its seed, as far as
 * moments are.
 */
async function main(): Promise<void> {
  const rounds = Number(process.argv[2] ?? 300);
  const seed = Number(process.argv[3] ?? Date.now() % 1_000_000_000);
  if (!Number.isSafeInteger(rounds) || !Number.isSafeInteger(seed))
    throw new Error('ROUNDS and SEED are whole numbers.');
  process.stdout.write(`${rounds} rounds of each kind from seed ${seed}\n`);
  const directory = mkdtempSync(join(tmpdir(), 'bidi-chaos-'));
  const local = await LocalSageMaker.start({
    port: 0,
    tls: TLS,
    certificateDirectory: directory,
    endpoints: [ECHO, DEEPGRAM],
  });
  try {
    await playAll('echo', rounds, seed, (cuts, random) => playRound(local, cuts, random, echoRound));
    const uncut = await hearUncut(local);
    const listening = listenRound(RECORDING, uncut);
    await playAll('speech', rounds, seed, (cuts, random) => playRound(local, cuts, random, listening));
    await ended(local);
  } finally {
    await local.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

function endpoint(name: string, model: Omit<ModelDefinition, 'name'>): EndpointDefinition {
  return { name, variants: [{ name: 'AllTraffic', model: { name, ...model } }] };
}

/** Plays the rounds, some at a time, and tells how often streams were cut. */
async function playAll(
  kind: string,
  rounds: number,
  seed: number,
  play: (cuts: number, random: Random) => Promise<Passed>,
): Promise<void> {
  const began = performance.now();
  let number = 0;
  let cuts = 0;
  let resumes = 0;
  const playOn = async () => {
    while (number < rounds) {
      const round = number++;
      const random = new Random(seed + round);
      const passed = await bounded(play(random.below(MOST_CUTS + 1), random)).catch((error: Error) => {
        throw new Error(`${kind}, round ${round} of seed ${seed}: ${error.stack}`, { cause: error });
      });
      cuts += passed.cuts;
      resumes += passed.resumes;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, playOn));
  const seconds = ((performance.now() - began) / 1_000).toFixed(1);
  process.stdout.write(
    `${kind}: ${rounds} rounds, ${cuts} connections cut, ${resumes} streams resumed, in ${seconds} s\n`,
  );
  if (cuts < rounds / 2 || resumes < rounds / 10)
    throw new Error(`Too little was cut for ${rounds} rounds to say much.`);
}

/** What is heard on a stream that is not cut: every sample of the recording. */
async function hearUncut(local: LocalSageMaker): Promise<Heard> {
  let heard: Heard | undefined;
  await playRound(local, 0, new Random(1), async client => {
    heard = await hear(client, RECORDING);
    return 0;
  });
  if (heard?.milliseconds !== RECORDING_MS) throw new Error(`Not all was heard: ${JSON.stringify(heard)}`);
  return heard;
}

async function bounded<Result>(playing: Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const hung = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`It hangs: ${ROUND_MS / 1_000} s have passed.`)), ROUND_MS);
  });
  return Promise.race([playing, hung]).finally(() => clearTimeout(timer));
}

/** Resolves when the local SageMaker has noticed every cut. */
async function ended(local: LocalSageMaker): Promise<void> {
  const deadline = performance.now() + ENDED_MS;
  while (local.openSessions > 0) {
    if (performance.now() > deadline) throw new Error(`${local.openSessions} sessions are still open.`);
    await new Promise(resolve => setTimeout(resolve, 100));
  }
}

main().catch((error: Error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exitCode = 1;
});
