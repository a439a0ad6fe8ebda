import type { Configuration } from './configuration';
import { identityHeaders, NOTICE } from './deepgram/identity';
import { readAudioInput, readScript } from './deepgram/listen/audio-input';
import { ListenV1Session, readListenV1Parameters } from './deepgram/listen/listen-v1';
import { ListenV2Session, readListenV2Parameters } from './deepgram/listen/listen-v2';
import type { ListeningOptions } from './deepgram/listen/listening-session';
import { readSpeakV1Parameters, SpeakV1Session } from './deepgram/speak/speak-v1';
import { readSpeakV2Parameters, SpeakV2Session } from './deepgram/speak/speak-v2';
import { Playback } from './listening/playback';
import { RecordingMemory } from './listening/recording-memory';
import { ParameterError, Parameters } from './parameters';
import { readSessionSettings } from './session-settings';
import type { Log } from './streaming/log';
import { type Open, StreamingServer } from './streaming/streaming-server';

/** Longest message, in bytes: a whole recording may come in one. */
const MAX_MESSAGE_BYTES = 64 * 1024 * 1024;

/** What a protocol is given for one upgrade. */
interface ProtocolContext {
  readonly parameters: Parameters;
  readonly requestId: string;
  readonly configuration: Configuration;
  readonly memory: RecordingMemory;
  readonly log: Log;
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

/** The simulator's server, not yet listening. */
export function simulatorServer(configuration: Configuration, log: Log): StreamingServer {
  const memory = new RecordingMemory(configuration.script.recording);
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
          return {
            open: protocol({ parameters: new Parameters(query), requestId: id, configuration, memory, log }),
            headers,
          };
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
