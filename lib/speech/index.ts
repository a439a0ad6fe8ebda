/**
 * Speech to and from an endpoint: audio, Deepgram's messages, and one API over the models.
 */
export * from './audio';
export * from './deepgram';
export type {
  DoneEvent,
  FinalEvent,
  PartialEvent,
  SpeechStartedEvent,
  TranscriptionEvent,
  TurnEndedEvent,
  UsageEvent,
  WarningEvent,
} from './events';
export type * from './model';
export { type DeepgramTranscriptionParameters, deepgram } from './models/deepgram';
export { deepgramVoice } from './models/deepgram-voice';
export { type NimParameters, nim } from './models/nim';
export { type VllmParameters, vllm } from './models/vllm';
export { type VllmOmniParameters, vllmOmni } from './models/vllm-omni';
export * from './speech-error';
export * from './speech-to-text';
export * from './text-to-speech';
