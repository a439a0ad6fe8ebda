export * from './audio-format-error';
export * from './audio-input';
export * from './pacer';
export * from './until-aborted';
export { describeFormat, type SampleCodec, type WavFormat } from './wav-format';
export * from './wav-writer';
