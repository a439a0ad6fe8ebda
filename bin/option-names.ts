import type { ExplainedError, Explanation, SettingNames } from '../lib/contract';
import { readLocalStates } from '../lib/local/local-state';
import type { StreamTargetOptions } from './stream-target';

/** The commands that open streams. */
export type StreamingCommand = 'invoke' | 'transcribe' | 'speak' | 'capacity' | 'gateway' | 'fidelity';

/** Options by which a command chooses path and query of the model's WebSocket. */
const PATH_AND_QUERY: Readonly<Record<StreamingCommand, Readonly<Record<string, string>>>> = {
  invoke: { modelInvocationPath: '--path', modelQueryString: '--query' },
  transcribe: { modelInvocationPath: '--model', modelQueryString: '--query' },
  speak: { modelInvocationPath: '--model', modelQueryString: '--query' },
  capacity: { modelInvocationPath: '--wav', modelQueryString: '--query' },
  gateway: {},
  fidelity: {},
};

/** Options that have one name in every command. */
const EVERYWHERE: Readonly<Record<string, string>> = {
  region: '--region',
  credentials: '--profile',
  targetVariant: '--variant',
  port: '--port',
  tokens: '--token-file',
  allowAnonymous: '--allow-anonymous',
  allowedHosts: '--allow-host',
};

/** The advice where the model knows no such path: most likely it is a model of another kind. */
const OTHER_KIND: Readonly<Record<StreamingCommand, string>> = {
  invoke: 'A Deepgram model takes `bidi transcribe` or `bidi speak`.',
  transcribe: 'A text-to-speech model takes `bidi speak`, one that is not of Deepgram `bidi invoke`.',
  speak: 'A speech-to-text model takes `bidi transcribe`, one that is not of Deepgram `bidi invoke`.',
  fidelity: 'The endpoint has to run the echo container of this kit.',
  gateway: "The path of the URL is the model's.",
  capacity: 'A Deepgram listen path is loaded with --wav FILE, another model with --script FILE.',
};

/** The options of a command that stand for the settings of the library. */
export function optionNames(command?: StreamingCommand): SettingNames {
  return setting => (command && PATH_AND_QUERY[command][setting]) ?? EVERYWHERE[setting];
}

/** An error of a stream as the command line explains it. */
export function explainStreamError(
  error: ExplainedError,
  command: StreamingCommand,
  options: StreamTargetOptions,
): Explanation {
  const explanation = error.explainWith(optionNames(command));
  const { OriginalStatusCode } = error as { OriginalStatusCode?: number };
  if (error.code !== 'ERR_BIDI_MODEL_REFUSED' || OriginalStatusCode !== 404) return explanation;
  return { ...explanation, next: [explanation.next, OTHER_KIND[command], ...served(options)].join(' ') };
}

function served({ local }: StreamTargetOptions): string[] {
  if (local === undefined) return [];
  const names = readLocalStates().flatMap(({ endpoints }) => endpoints.map(({ name, stack }) => stack ?? name));
  return names.length > 0 ? [`Served here: ${names.join(', ')}.`] : [];
}
