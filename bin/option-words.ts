import type { Explanation } from '../lib/contract';
import type { StreamTargetOptions } from './stream-target';

/** The commands that open streams. */
export type StreamingCommand = 'invoke' | 'transcribe' | 'speak' | 'capacity';

/** Options by which a command chooses path and query of the model's WebSocket. */
const PATH_AND_QUERY: Readonly<Record<StreamingCommand, string>> = {
  invoke: '--path and --query',
  transcribe: '--model and --query',
  speak: '--model and --query',
  capacity: '--wav and --query',
};

/** What to try where the model knows no such path: most likely it is a model of another kind. */
const OTHER_KIND: Readonly<Record<StreamingCommand, string>> = {
  invoke: 'A Deepgram model takes `bidi transcribe` or `bidi speak`.',
  transcribe: 'A text-to-speech model takes `bidi speak`, one that is not of Deepgram `bidi invoke`.',
  speak: 'A speech-to-text model takes `bidi transcribe`, one that is not of Deepgram `bidi invoke`.',
  capacity: 'A Deepgram listen path is loaded with --wav FILE, another model with --script FILE.',
};

/** An error of the client in the words of the command line: what is a property there is an option here. */
export function inOptionWords(
  { what, why, next }: Explanation,
  command: StreamingCommand,
  options: StreamTargetOptions,
): Explanation {
  if (/: Region is missing\.$/.test(what)) {
    return (require('../lib/operate/aws') as typeof import('../lib/operate/aws')).MISSING_REGION;
  }
  const worded = next
    .replace('`modelInvocationPath` and `modelQueryString`', PATH_AND_QUERY[command])
    .replace('give `region` and `credentials`', 'pass --region and --profile')
    .replace('Set `region` or AWS_REGION', 'Set --region or AWS_REGION')
    .replace(' raise `retry.maxAttempts`,', '');
  if (!/refused the stream.*\(status 404\)/s.test(what)) return { what, why, next: worded };
  return { what, why, next: [worded, OTHER_KIND[command], ...served(options)].join(' ') };
}

function served({ local }: StreamTargetOptions): string[] {
  if (local === undefined) return [];
  const { readLocalStates } = require('../lib/local/local-state') as typeof import('../lib/local/local-state');
  const names = readLocalStates().flatMap(({ endpoints }) => endpoints.map(({ name, stack }) => stack ?? name));
  return names.length > 0 ? [`Served here: ${names.join(', ')}.`] : [];
}
