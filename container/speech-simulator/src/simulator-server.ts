import type { Configuration } from './configuration';
import { identityHeaders, NOTICE } from './deepgram/identity';
import { readAudioInput, readScript } from './deepgram/listen/audio-input';
import { ListenV1Session, readListenV1Parameters } from './deepgram/listen/listen-v1';
import { ListenV2Session, readListenV2Parameters } from './deepgram/listen/listen-v2';
import { ParameterError, Parameters } from './deepgram/parameters';
import { readSpeakV1Parameters, SpeakV1Session } from './deepgram/speak/speak-v1';
import { readSpeakV2Parameters, SpeakV2Session } from './deepgram/speak/speak-v2';
import type { Log } from './streaming/log';
import { type Open, StreamingServer } from './streaming/streaming-server';

/** Longest message, in bytes: a whole recording may come in one. */
const MAX_MESSAGE_BYTES = 64 * 1024 * 1024;

/** Reads the query and gives the session that it asks for. Throws a ParameterError for a wrong one. */
type Protocol = (parameters: Parameters, id: string, configuration: Configuration) => Open;

const PROTOCOLS: Readonly<Record<string, Protocol>> = {
  '/v1/listen': (parameters, requestId, { script, idleTimeoutMs }) => {
    const settings = readListenV1Parameters(parameters);
    const options = { requestId, idleTimeoutMs, script: readScript(parameters, script), ...readAudioInput(parameters) };
    return webSocket => new ListenV1Session(webSocket, options, settings);
  },
  '/v2/listen': (parameters, requestId, { script, idleTimeoutMs }) => {
    const thresholds = readListenV2Parameters(parameters);
    const options = { requestId, idleTimeoutMs, script: readScript(parameters, script), ...readAudioInput(parameters) };
    return webSocket => new ListenV2Session(webSocket, options, thresholds);
  },
  '/v1/speak': (parameters, requestId) => {
    const output = readSpeakV1Parameters(parameters);
    return webSocket => new SpeakV1Session(webSocket, output, requestId);
  },
  '/v2/speak': (parameters, requestId) => {
    const settings = readSpeakV2Parameters(parameters);
    return webSocket => new SpeakV2Session(webSocket, settings, requestId);
  },
};

/** The simulator's server, not yet listening. */
export function simulatorServer(configuration: Configuration, log: Log): StreamingServer {
  return new StreamingServer(
    {
      port: configuration.port,
      host: configuration.host,
      maxMessageBytes: MAX_MESSAGE_BYTES,
      load: async () => log('simulator', { notice: NOTICE }),
      admit: ({ path, query, id }) => {
        const protocol = PROTOCOLS[path];
        if (protocol === undefined) return undefined;
        const headers = identityHeaders(id);
        try {
          return { open: protocol(new Parameters(query), id, configuration), headers };
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
      },
    },
    log,
  );
}

/** What may stand in a header: a query can hold line breaks. */
function printable(text: string): string {
  return text.replace(/[^ -~]/g, '?');
}
