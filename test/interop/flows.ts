import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LocalSageMaker } from '../../lib/local';
import type { Observation, Scenario } from './scenario';
import type { Scorecard } from './scorecard';
import { observations, type SdkClient } from './sdk-clients';
import { REPOSITORY } from './tool-directory';

/** How a vendor's public sample talks to its endpoint: order, sizes, pauses and ending; none of its text. */
interface Flow extends Omit<Scenario, 'expect'> {
  readonly source: string;
  /** The language that it is written in, and played in. */
  readonly sdk: string;
  readonly expect: {
    /** Duration of the audio that the model's closing `Metadata` tells. */
    readonly seconds?: number;
    /** Which words of the recording have to be in the final results. */
    readonly words?: 'all' | 'some';
    /** How many `Flushed` have to come, with audio before each. */
    readonly flushes?: number;
  };
}

const FLOWS = JSON.parse(readFileSync(join(__dirname, 'vendor-flows.json'), 'utf8')) as Flow[];
const WAV_HEADER_BYTES = 44;

/** How often the recording follows itself in `long.wav`: 27.6 s, as long as the announcement's sample. */
const REPEATS = 6;

/** Plays the vendors' flows in the SDKs of their languages, all languages at a time. */
export async function playFlows(
  clients: readonly SdkClient[],
  local: LocalSageMaker,
  directory: string,
  scorecard: Scorecard,
): Promise<void> {
  writeRecordings(directory);
  await Promise.all(
    clients.map(async client => {
      const flows = FLOWS.filter(({ sdk }) => sdk === client.flows);
      if (flows.length === 0) return;
      const program = await scorecard.check(`${client.title}: is ready for the vendors' flows`, () => client.prepare());
      if (!program) return;
      const file = join(directory, `flows-${client.flows}.json`);
      writeFileSync(file, JSON.stringify(flows));
      const seen = await observations(program, file, local, local, { INTEROP_FILES: directory });
      for (const flow of flows) {
        await scorecard.check(`${client.title}, ${flow.name}`, () =>
          assertFlow(
            flow,
            seen.find(({ scenario }) => scenario === flow.name),
          ),
        );
      }
    }),
  );
}

function writeRecordings(directory: string): void {
  const sample = join(REPOSITORY, 'examples', 'sample.wav');
  copyFileSync(sample, join(directory, 'sample.wav'));
  const wav = readFileSync(sample);
  const samples = wav.subarray(WAV_HEADER_BYTES);
  const header = Buffer.from(wav.subarray(0, WAV_HEADER_BYTES));
  header.writeUInt32LE(WAV_HEADER_BYTES - 8 + REPEATS * samples.length, 4);
  header.writeUInt32LE(REPEATS * samples.length, WAV_HEADER_BYTES - 4);
  writeFileSync(join(directory, 'long.wav'), Buffer.concat([header, ...Array<Buffer>(REPEATS).fill(samples)]));
}

/** @throws Error with everything in which the flow went other than its authors promise. */
function assertFlow({ expect }: Flow, seen: Observation | undefined): void {
  if (!seen) throw new Error('The client said nothing about it.');
  const faults: string[] = [];
  if (seen.outcome.kind !== 'ended') faults.push(`it must end in order: ${JSON.stringify(seen.outcome)}`);
  const messages = seen.received.flatMap(({ text }) => (text ? [JSON.parse(text) as Message] : []));
  // What the Java load test counts as an error of the endpoint.
  const errors = messages.filter(
    message => !message.channel && ('error' in message || JSON.stringify(message).includes('"message"')),
  );
  if (errors.length > 0) faults.push(`the load test would count an error: ${JSON.stringify(errors[0])}`);
  const final = messages
    .filter(({ is_final }) => is_final)
    .flatMap(({ channel }) => channel?.alternatives[0]?.words.map(({ word }) => word) ?? [])
    .join(' ');
  const words = scriptedWords();
  if (expect.words === 'all' && final !== words)
    faults.push(`the final words must be "${words}", they were "${final}"`);
  if (expect.words === 'some' && (final === '' || !words.startsWith(final.slice(0, words.length)))) {
    faults.push(`the final words must begin as "${words}", they were "${final}"`);
  }
  if (expect.seconds !== undefined) {
    const duration = messages.find(({ type }) => type === 'Metadata')?.duration;
    if (Math.abs((duration ?? 0) - expect.seconds) > 0.1) {
      faults.push(`Metadata must tell ${expect.seconds} s of audio, it told ${duration}`);
    }
  }
  if (expect.flushes !== undefined) {
    const spoken = seen.received.filter(({ dataType }) => dataType === 'BINARY').length;
    const flushed = messages.filter(({ type }) => type === 'Flushed').length;
    if (flushed !== expect.flushes || spoken < flushed)
      faults.push(`${flushed} Flushed and ${spoken} pieces of audio came`);
  }
  if (faults.length > 0) throw new Error(faults.join('\n'));
}

interface Message {
  readonly type?: string;
  readonly is_final?: boolean;
  readonly duration?: number;
  readonly channel?: { readonly alternatives: readonly { readonly words: readonly { readonly word: string }[] }[] };
}

function scriptedWords(): string {
  const script = readFileSync(join(REPOSITORY, 'examples', 'sample.script.json'), 'utf8');
  return (JSON.parse(script) as { words: { word: string }[] }).words.map(({ word }) => word).join(' ');
}
