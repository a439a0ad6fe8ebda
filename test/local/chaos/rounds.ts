import { isDeepStrictEqual } from 'node:util';
import { BidiSession, type Message, type ResumeOptions, SageMakerRuntimeHTTP2Client } from '../../../lib/client';
import type { LocalSageMaker } from '../../../lib/local';
import { DeepgramListen, deepgram, type RawAudio, SpeechToText } from '../../../lib/speech';
import { Random } from '../fuzz/random';
import { CuttingProxy } from './cutting-proxy';

/** Plays something on a client; resolves with how often its session went on, and throws where what came is not what has to come. */
export type Play = (client: SageMakerRuntimeHTTP2Client, random: Random) => Promise<number>;

/** What a round went through. */
export interface Passed {
  readonly cuts: number;
  readonly resumes: number;
}

/** Streams in a row that may end without anything acknowledged: more than there are cuts, so that only a fault ends a session. */
const MAX_RESUMES = 10;

const RETRY = { maxAttempts: 20, baseDelayMs: 1, maxDelayMs: 20 };

/** Plays on a client whose first connections are cut. */
export async function playRound(local: LocalSageMaker, cuts: number, random: Random, play: Play): Promise<Passed> {
  const { protocol, port } = new URL(local.url);
  await using proxy = await CuttingProxy.start(Number(port), cuts, random);
  const client = new SageMakerRuntimeHTTP2Client({
    endpoint: `${protocol}//127.0.0.1:${proxy.port}`,
    region: local.region,
    credentials: local.credentials,
    requestHandler: { nodeHttp2ConnectOptions: { ca: local.certificateAuthority } },
  });
  try {
    const resumes = await play(client, random);
    return { cuts: proxy.cuts, resumes };
  } finally {
    client.destroy();
  }
}

/** Messages of any size to an echo that answers one for one: each has to come back once, in order, byte for byte. */
export const echoRound: Play = async (client, random) => {
  const sent = Array.from({ length: 1 + random.below(30) }, (_, index) => messageOf(random, index));
  const session = await BidiSession.open({ endpointName: 'echo', client, resume: oneForOne(), retry: RETRY });
  const received: Message[] = [];
  const reading = (async () => {
    for await (const message of session) {
      received.push(message);
      if (received.length === sent.length) await session.closeInput();
    }
  })();
  reading.catch(() => undefined); // awaited below
  for (const message of sent) await session.send(message);
  await reading;
  await session.close();
  const plain = (messages: readonly Message[]) =>
    messages.map(message => (typeof message === 'string' ? message : Buffer.from(message)));
  if (!isDeepStrictEqual(plain(received), plain(sent))) {
    throw new Error(`${sent.length} messages were sent and ${received.length} came back, not all as they were.`);
  }
  return session.statistics.resumes;
};

function messageOf(random: Random, index: number): Message {
  const bytes = Math.floor((32 * 1024) ** random.next()) - 1;
  const payload = Buffer.alloc(bytes, `${index} ${random.next()} `);
  return random.chance(0.5) ? payload.toString() : payload;
}

function oneForOne(): ResumeOptions {
  let replies = 0;
  return {
    maxResumes: MAX_RESUMES,
    acknowledge: () => {
      replies += 1;
      return { messages: replies };
    },
  };
}

/** What a model heard of a recording. */
export interface Heard {
  /** Words of the final results, with their times in milliseconds. */
  readonly words: readonly (readonly [word: string, start: number, end: number])[];
  /** Audio that the model counts in all. */
  readonly milliseconds: number;
}

/** A recording, sent in pieces of any size: it has to be heard as on a stream that is not cut. */
export function listenRound(recording: Recording, uncut: Heard): Play {
  return async (client, random) => {
    const hear = random.chance(0.5) ? hearByListen : hearBySpeechToText;
    const { heard, resumes } = await hear(client, recording.audio, piecesOf(recording.samples, random));
    if (isDeepStrictEqual(heard, uncut)) return resumes;
    throw new Error(`${hear.name}: ${JSON.stringify(heard)}\non a stream that is not cut: ${JSON.stringify(uncut)}`);
  };
}

/** What the model hears of a recording on this client. */
export async function hear(client: SageMakerRuntimeHTTP2Client, { samples, audio }: Recording): Promise<Heard> {
  return (await hearByListen(client, audio, piecesOf(samples, new Random(1)))).heard;
}

/** Samples and how they are coded. */
export interface Recording {
  readonly samples: Buffer;
  readonly audio: RawAudio;
}

interface Listened {
  readonly heard: Heard;
  readonly resumes: number;
}

async function hearByListen(
  client: SageMakerRuntimeHTTP2Client,
  { encoding, sampleRate }: RawAudio,
  pieces: AsyncIterable<Buffer>,
): Promise<Listened> {
  const stream = await DeepgramListen.open({
    endpointName: 'deepgram',
    client,
    parameters: { model: 'nova-3', language: 'en', encoding, sample_rate: sampleRate },
    resume: { maxResumes: MAX_RESUMES },
    retry: RETRY,
  });
  const words: Heard['words'][number][] = [];
  let seconds = 0;
  for await (const message of stream.transcribe(pieces)) {
    if (message.type === 'Metadata') seconds = message.duration;
    if (message.type !== 'Results' || !message.is_final) continue;
    for (const { word, start, end } of message.channel.alternatives[0]?.words ?? []) {
      words.push([plain(word), milliseconds(start), milliseconds(end)]);
    }
  }
  const { resumes, unreplayableBytes } = stream.statistics;
  if (unreplayableBytes > 0) throw new Error(`${unreplayableBytes} bytes were given up.`);
  return { heard: { words, milliseconds: milliseconds(seconds) }, resumes };
}

async function hearBySpeechToText(
  client: SageMakerRuntimeHTTP2Client,
  audio: RawAudio,
  pieces: AsyncIterable<Buffer>,
): Promise<Listened> {
  const speech = await SpeechToText.open({
    endpointName: 'deepgram',
    client,
    model: deepgram({ model: 'nova-3', language: 'en', smart_format: false }, { maxResumes: MAX_RESUMES }),
    audio,
    retry: RETRY,
  });
  const words: Heard['words'][number][] = [];
  let seconds = 0;
  for await (const event of speech.transcribe(pieces)) {
    if (event.type === 'usage') seconds = event.audioSeconds ?? 0;
    if (event.type !== 'final') continue;
    for (const { text, start, end } of event.words) {
      words.push([plain(text), milliseconds(start), milliseconds(end)]);
    }
  }
  return { heard: { words, milliseconds: milliseconds(seconds) }, resumes: 0 };
}

/** A word as it is without `smart_format`. */
function plain(word: string): string {
  return word.toLowerCase().replace(/\W/g, '');
}

function milliseconds(seconds: number): number {
  return Math.round(seconds * 1_000);
}

/** Pieces of any length, also such that end within a sample, some after a pause in which results come. */
async function* piecesOf(samples: Buffer, random: Random): AsyncGenerator<Buffer> {
  for (let at = 0; at < samples.length; ) {
    const length = 1 + random.below(16_000);
    yield samples.subarray(at, at + length);
    at += length;
    if (random.chance(0.5)) await new Promise(resolve => setTimeout(resolve, random.below(4)));
  }
}
