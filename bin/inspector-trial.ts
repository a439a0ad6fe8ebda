import { PassThrough } from 'node:stream';
import { BidiSession, SageMakerRuntimeHTTP2Client } from '../lib/client';
import type { Trial, TrialEvent, TrialRequest, TrialTarget } from '../lib/local';
import {
  deepgram,
  deepgramVoice,
  nim,
  pace,
  type RawAudio,
  readAudio,
  type SpeakParameters,
  SpeechToText,
  TextToSpeech,
  type TranscriptionModel,
  untilAborted,
  type VoiceModel,
  vllm,
  vllmOmni,
} from '../lib/speech';
import { servedModel } from './served-model';
import { UsageError } from './usage-error';

/** Bytes of a WAV file or of a microphone that wait to be sent. */
const WAITING_AUDIO_BYTES = 256 * 1024;

/** Opens a stream of the inspector's page with the kit's own client, as a program of the user would. */
export async function openTrial(request: TrialRequest, target: TrialTarget): Promise<Trial> {
  switch (request.kind) {
    case 'messages':
      return new MessagesTrial(request, target);
    case 'transcribe':
      return new TranscriptionTrial(request, target);
    case 'speak':
      return new SpeechTrial(request, target);
  }
}

/** What every kind does: a client of its own, an end, and a way to be cut. */
abstract class ClientTrial implements Trial {
  readonly answers: AsyncIterable<TrialEvent | Uint8Array>;
  protected readonly cut = new AbortController();

  constructor(
    protected readonly request: TrialRequest,
    protected readonly target: TrialTarget,
  ) {
    this.answers = this.run();
  }

  abstract send(message: string | Uint8Array): Promise<void>;
  abstract finish(): Promise<void>;
  /** Opens the stream and yields what comes. */
  protected abstract stream(client: SageMakerRuntimeHTTP2Client): AsyncGenerator<TrialEvent | Uint8Array>;

  abort(): void {
    this.cut.abort(new Error('The page ended the stream.'));
  }

  private async *run(): AsyncGenerator<TrialEvent | Uint8Array> {
    const { url, region, credentials, certificateAuthority } = this.target;
    const client = new SageMakerRuntimeHTTP2Client({
      endpoint: url,
      region,
      credentials,
      requestHandler: { nodeHttp2ConnectOptions: { ca: certificateAuthority } },
    });
    try {
      yield* this.stream(client);
    } finally {
      client.destroy();
    }
  }
}

/** Messages as they are: text to an echo, bytes to any container. */
class MessagesTrial extends ClientTrial {
  private resolveSession!: (session: Promise<BidiSession>) => void;
  private readonly session = new Promise<BidiSession>(resolve => {
    this.resolveSession = resolve;
  });

  override async send(message: string | Uint8Array): Promise<void> {
    await (await this.session).send(message);
  }

  override async finish(): Promise<void> {
    await (await this.session).closeInput();
  }

  protected override async *stream(client: SageMakerRuntimeHTTP2Client): AsyncGenerator<TrialEvent | Uint8Array> {
    this.session.catch(() => {}); // thrown below
    const { endpointName, path: modelInvocationPath, query: modelQueryString } = this.request;
    const opening = BidiSession.open({
      client,
      endpointName,
      modelInvocationPath,
      modelQueryString,
      abortSignal: this.cut.signal,
    });
    this.resolveSession(opening);
    await using session = await opening;
    yield { type: 'opened' };
    for await (const message of session)
      yield typeof message === 'string' ? { type: 'message', text: message } : message;
  }
}

/** Audio of a microphone as it comes, or of a WAV file at real-time pace, and the words. */
class TranscriptionTrial extends ClientTrial {
  private readonly audio = new PassThrough({ highWaterMark: WAITING_AUDIO_BYTES });

  override async send(message: string | Uint8Array): Promise<void> {
    if (this.cut.signal.aborted || this.audio.destroyed || this.audio.write(message)) return;
    await new Promise<void>(resolve => {
      this.audio.once('drain', resolve).once('close', resolve);
    });
  }

  override async finish(): Promise<void> {
    this.audio.end();
  }

  protected override async *stream(client: SageMakerRuntimeHTTP2Client): AsyncGenerator<TrialEvent | Uint8Array> {
    const { endpointName, sampleRate } = this.request;
    const abortSignal = this.cut.signal;
    try {
      const { raw, bytesPerSecond, frameBytes, chunks, description } = await readAudio(
        untilAborted(this.audio, abortSignal),
        {
          containers: false,
          ...(sampleRate && { raw: { encoding: 'linear16', sampleRate, channels: 1 } as RawAudio }),
        },
      );
      const model = transcriptionModel(this.request, this.target);
      const speech = await SpeechToText.open({ client, endpointName, model, audio: raw!, abortSignal });
      yield { type: 'opened', protocol: model.protocol, description };
      for (const message of speech.conversionLosses) yield { type: 'warning', message };
      const isLive = sampleRate !== undefined;
      const paced = isLive ? chunks : pace(chunks, { bytesPerSecond: bytesPerSecond!, frameBytes, abortSignal });
      for await (const event of speech.transcribe(paced)) if (event.type !== 'done') yield { ...event };
    } finally {
      this.audio.destroy();
    }
  }
}

/** Text, and the speech as samples. */
class SpeechTrial extends ClientTrial {
  private readonly texts = new PassThrough({ objectMode: true });

  override async send(message: string | Uint8Array): Promise<void> {
    if (typeof message === 'string' && message.trim() !== '') this.texts.write(message);
  }

  override async finish(): Promise<void> {
    this.texts.end();
  }

  protected override async *stream(client: SageMakerRuntimeHTTP2Client): AsyncGenerator<TrialEvent | Uint8Array> {
    const { endpointName } = this.request;
    try {
      const model = voiceModel(this.request, this.target);
      const voice = await TextToSpeech.open({ client, endpointName, model, abortSignal: this.cut.signal });
      yield { type: 'opened', protocol: model.protocol, sampleRate: model.audio.sampleRate };
      for await (const event of voice.synthesize(this.texts)) {
        if (event.type === 'audio') yield event.data;
        else if (event.type === 'warning') yield { ...event };
      }
    } finally {
      this.texts.destroy();
    }
  }
}

function transcriptionModel(request: TrialRequest, target: TrialTarget): TranscriptionModel {
  const { protocol, modelName, maxModelLen } = modelOf('transcribe', request, target);
  const { language } = request;
  switch (protocol) {
    case 'vllm':
      if (modelName !== undefined) return vllm({ model: modelName, maxModelLen });
      throw new UsageError({
        what: 'The name of the model is missing.',
        why: 'vLLM takes the name that its server serves the model under.',
        next: 'Write it into the field Model; by default it is /opt/ml/model.',
      });
    case 'nim':
      return nim({ language: language ?? 'en-US', model: modelName });
    default: {
      const model = modelName ?? 'nova-3';
      // Flux refuses a language: a given one is an error and not ignored.
      return deepgram({ model, language: language ?? (model.startsWith('flux-') ? undefined : 'en') });
    }
  }
}

function voiceModel(request: TrialRequest, target: TrialTarget): VoiceModel {
  const { protocol, modelName } = modelOf('speak', request, target);
  if (protocol === 'vllm-omni') return vllmOmni({ model: modelName, language: request.language });
  // The name of the model is checked when the stream is opened.
  return deepgramVoice({ model: modelName ?? 'aura-2-thalia-en' } as SpeakParameters);
}

function modelOf(kind: 'transcribe' | 'speak', { endpointName, model }: TrialRequest, { serves }: TrialTarget) {
  return servedModel(kind, { protocol: model?.protocol, model: model?.modelName }, { endpointName, serves });
}
