import type { ListenMessage } from './listen-messages';

/** A message whose times count from a start that is so many seconds earlier. */
export function shiftMessage(message: ListenMessage, offset: number): ListenMessage {
  if (offset === 0) return message;
  const later = <Timed extends { start?: number; end?: number }>(word: Timed): Timed =>
    word.start === undefined || word.end === undefined
      ? word
      : { ...word, start: word.start + offset, end: word.end + offset };
  switch (message.type) {
    case 'Results': {
      const alternatives = message.channel.alternatives.map(one => ({ ...one, words: one.words.map(later) }));
      return { ...message, start: message.start + offset, channel: { ...message.channel, alternatives } };
    }
    case 'TurnInfo':
      return {
        ...message,
        audio_window_start: message.audio_window_start + offset,
        audio_window_end: message.audio_window_end + offset,
        words: message.words.map(later),
      };
    case 'UtteranceEnd':
      return { ...message, last_word_end: message.last_word_end + offset };
    case 'SpeechStarted':
      return { ...message, timestamp: message.timestamp + offset };
    case 'Metadata':
      return { ...message, duration: message.duration + offset };
    default:
      return message;
  }
}
