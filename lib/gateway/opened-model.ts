import type { BidiClient } from '../client';
import { openStream } from '../client/stream/open-stream';
import { SpeechToText, vllm } from '../speech';
import type { FrameSocket } from '../wire/frame-socket';
import { Bridge, type BridgeLimits } from './bridge';
import type { SessionEnd } from './client-connection';
import type { Close } from './close';
import { Configuration } from './deepgram/configuration';
import { type ListenRequest, listenRequest } from './deepgram/listen-request';
import { ListenSession } from './deepgram/listen-session';
import { ListenStream } from './deepgram/listen-stream';
import { ListenStreams } from './deepgram/listen-streams';
import { TranscriptionSession } from './openai/transcription-session';
import { MODEL_AUDIO } from './openai/turn';
import type { RoutedTarget } from './route';

/** Sub-second retries of an open are for the platform's bursts; a client retries by itself after that. */
const RETRY = { maxAttempts: 3 };

/** One client's session. */
export interface Carrier {
  /** Carries until both sides have ended. Never rejects. */
  run(): Promise<SessionEnd>;
  /** Ends the session from the gateway's side. */
  close(close: Close): void;
}

/** The model's side of a session, opened before the client's upgrade is answered. */
export interface OpenedModel {
  carry(socket: FrameSocket, limits: BridgeLimits, onLag: (milliseconds: number) => void): Carrier;
  abort(): void;
}

export interface OpenModelOptions {
  readonly client: BidiClient;
  readonly openTimeoutMs: number;
  /** Age at which a stream hands over to the next, where the dialect allows it, in milliseconds. */
  readonly handOverAfterMs: number;
  /** Ends the open. */
  readonly signal: AbortSignal;
  /** Ends what is opened later in the session. */
  readonly closing: AbortSignal;
}

/**
 * Opens the model's side of a session in the dialect of its route.
 *
 * @throws SessionError when it cannot be opened
 */
export function openModel(target: RoutedTarget, options: OpenModelOptions): Promise<OpenedModel> {
  if (target.dialect === 'openai') return openTranscription(target, options);
  const request = target.dialect === 'deepgram' ? listenRequest(target) : undefined;
  return request ? openListen(target, request, options) : openPassThrough(target, options);
}

async function openPassThrough(
  { endpointName, targetVariant, modelInvocationPath, modelQueryString }: RoutedTarget,
  { client, openTimeoutMs, signal }: OpenModelOptions,
): Promise<OpenedModel> {
  const parameters = { endpointName, targetVariant, modelInvocationPath, modelQueryString };
  const stream = await openStream(client, parameters, { openTimeoutMs, retry: RETRY, signal, onAttempt: () => {} });
  return {
    carry: (socket, limits, onLag) => new Bridge(socket, stream, limits, onLag),
    abort: () => stream.abort(),
  };
}

async function openTranscription(
  { endpointName, targetVariant, model, maxModelLen }: RoutedTarget,
  { client, openTimeoutMs, handOverAfterMs, signal, closing }: OpenModelOptions,
): Promise<OpenedModel> {
  const open = (abortSignal: AbortSignal): Promise<SpeechToText> =>
    SpeechToText.open({
      model: vllm({ model: model!, maxModelLen }),
      audio: MODEL_AUDIO,
      client,
      endpointName,
      targetVariant,
      openTimeoutMs,
      handOverAfterMs,
      abortSignal,
      retry: RETRY,
    });
  const first = await open(signal);
  const backend = { model: model!, open: () => open(closing) };
  return {
    carry: (socket, limits, onLag) => new TranscriptionSession(socket, first, backend, limits, onLag),
    abort: () => first.abort(),
  };
}

async function openListen(
  { endpointName, targetVariant, modelInvocationPath, modelQueryString }: RoutedTarget,
  { audio, utteranceEnd }: ListenRequest,
  { client, openTimeoutMs, handOverAfterMs, signal, closing }: OpenModelOptions,
): Promise<OpenedModel> {
  const configuration = new Configuration();
  let abortSignal = signal;
  const open = () =>
    ListenStream.open({
      client,
      endpointName,
      targetVariant,
      modelInvocationPath,
      modelQueryString,
      openTimeoutMs,
      abortSignal,
      retry: RETRY,
      utteranceEnd,
      configuration: configuration.message,
    });
  const streams = await ListenStreams.open(open, audio, handOverAfterMs);
  abortSignal = closing;
  return {
    carry: (socket, limits, onLag) => new ListenSession(socket, streams, configuration, limits, onLag),
    abort: () => streams.abort(),
  };
}
