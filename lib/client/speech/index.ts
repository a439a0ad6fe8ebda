export { type DeepgramTranscriptionParameters, deepgram } from './deepgram';
export { deepgramVoice } from './deepgram-voice';
export type {
  DoneEvent,
  FinalEvent,
  PartialEvent,
  SpeechStartedEvent,
  TranscriptionEvent,
  TurnEndedEvent,
  UsageEvent,
} from './events';
export type * from './model';
export { type NimParameters, nim } from './nim';
export * from './speech-error';
export * from './speech-to-text';
export * from './text-to-speech';
export { type VllmParameters, vllm } from './vllm';
export { type VllmOmniParameters, vllmOmni } from './vllm-omni';
