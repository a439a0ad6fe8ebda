import type { Dialect, DialectContext } from '../dialect';
import { Playback } from '../listening/playback';
import { ParameterError, Parameters } from '../parameters';
import { readSessionSettings } from '../session-settings';
import type { Open } from '../streaming/streaming-server';
import { identityHeaders } from './identity';
import { readAudioInput, readScript } from './listen/audio-input';
import { ListenV1Session, readListenV1Parameters } from './listen/listen-v1';
import { ListenV2Session, readListenV2Parameters } from './listen/listen-v2';
import type { ListeningOptions } from './listen/listening-session';
import { readSpeakV1Parameters, SpeakV1Session } from './speak/speak-v1';
import { readSpeakV2Parameters, SpeakV2Session } from './speak/speak-v2';

/** The parameters of one upgrade. */
interface ProtocolContext extends DialectContext {
  readonly parameters: Parameters;
  readonly requestId: string;
}

/** Reads the query and gives the session that it asks for. Throws a ParameterError for a wrong one. */
type Protocol = (context: ProtocolContext) => Open;

const PROTOCOLS: Readonly<Record<string, Protocol>> = {
  '/v1/listen': context => {
    const parameters = readListenV1Parameters(context.parameters);
    const options = listeningOptions(context);
    return webSocket => new ListenV1Session(webSocket, options(), parameters);
  },
  '/v2/listen': context => {
    const thresholds = readListenV2Parameters(context.parameters);
    const options = listeningOptions(context);
    return webSocket => new ListenV2Session(webSocket, options(), thresholds);
  },
  '/v1/speak': ({ parameters, configuration, requestId }) => {
    const output = readSpeakV1Parameters(parameters);
    const settings = readSessionSettings(parameters, configuration);
    return webSocket => new SpeakV1Session(webSocket, output, settings, requestId);
  },
  '/v2/speak': ({ parameters, configuration, requestId }) => {
    const output = readSpeakV2Parameters(parameters);
    const settings = readSessionSettings(parameters, configuration);
    return webSocket => new SpeakV2Session(webSocket, output, settings, requestId);
  },
};

function listeningOptions(context: ProtocolContext): () => ListeningOptions {
  const { parameters, requestId, configuration, memory, log } = context;
  const settings = readSessionSettings(parameters, configuration);
  const input = readAudioInput(parameters);
  const script = readScript(parameters, configuration.script);
  const warn = (message: string) => log('warning', { id: requestId, message });
  return () => ({ requestId, settings, warn, playback: new Playback(script, memory), ...input });
}

/** Deepgram's four streaming products. */
export const deepgram: Dialect = ({ path, query, id }, context) => {
  const protocol = PROTOCOLS[path];
  if (protocol === undefined) return undefined;
  const headers = identityHeaders(id);
  try {
    return { open: protocol({ ...context, parameters: new Parameters(query), requestId: id }), headers };
  } catch (error) {
    if (!(error instanceof ParameterError)) throw error;
    const body = JSON.stringify({ err_code: 'INVALID_QUERY_PARAMETER', err_msg: error.message, request_id: id });
    return {
      status: 400,
      headers: { ...headers, 'dg-error': printable(error.message), 'Content-Type': 'application/json' },
      body,
      reason: error.message,
    };
  }
};

/** A text as a header can hold it: a query can hold line breaks. */
function printable(text: string): string {
  return text.replace(/[^ -~]/g, '?');
}
