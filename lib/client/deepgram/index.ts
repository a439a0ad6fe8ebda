export * from './deepgram-error';
export * from './deepgram-listen';
export * from './deepgram-speak';
export type { DeepgramStream, DeepgramStreamOptions } from './deepgram-stream';
export type { ListenMessage, ListenMetadata, Results, TurnInfo, UnknownMessage, Word } from './listen-messages';
export type * from './listen-parameters';
export type { SpeakMessage } from './speak-messages';
export type * from './speak-parameters';
