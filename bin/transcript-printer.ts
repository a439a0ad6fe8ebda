import { printable } from '../lib/report/printable';
import { wrap } from '../lib/report/wrap';
import type { ListenMessage, TranscriptionEvent } from '../lib/speech';
import { type CaptionFormat, Captions } from '../lib/speech/deepgram/captions';
import { Transcript } from '../lib/speech/deepgram/transcript';
import { NoticePrinter } from './model-notice';
import { columnsOf, LiveLine, type Output } from './terminal';

/** In which form a transcript is printed. */
export type TranscriptFormat = 'text' | 'json' | CaptionFormat;

/** Where a transcript is printed, and in which form. */
export interface TranscriptPrinterOptions {
  readonly format: TranscriptFormat;
  /** Output of final lines. */
  readonly stdout: Output;
  /** Output of the line that may still change, with the progress. */
  readonly stderr: Output;
  /** Length of the audio, where it is known. */
  readonly totalSeconds?: number;
}

/**
 * Prints a transcript: final lines on stdout, and below them, on a terminal, one line that is rewritten with what may still
 * change and how far it is.
 */
export class TranscriptPrinter {
  private readonly transcript;
  private readonly captions;
  private readonly live: LiveLine;
  private readonly format: TranscriptFormat;
  private readonly stdout: Output;
  private readonly notices: NoticePrinter;
  private readonly tell: (words: string) => void;
  /** The interim transcript of a model of another dialect. */
  private partial = '';
  private readonly progress: (seconds: number) => string;
  /** `undefined` where the duration is unknown: the bytes of a container format do not tell it. */
  private sentSeconds: number | undefined;

  constructor({ format, stdout, stderr, totalSeconds }: TranscriptPrinterOptions) {
    this.format = format;
    this.stdout = stdout;
    this.transcript = new Transcript();
    this.captions = format === 'srt' || format === 'vtt' ? new Captions(format) : undefined;
    this.live = new LiveLine(stderr);
    this.tell = words => {
      this.live.clear();
      stderr.write(`${wrap(printable(words), columnsOf(stderr)).join('\n')}\n`);
    };
    this.notices = new NoticePrinter(notice => this.tell(`The model notes: ${notice}`));
    const total = totalSeconds === undefined ? '' : ` / ${clock(totalSeconds)}`;
    this.progress = seconds => `${clock(seconds)}${total}`;
    if (this.captions) this.print(this.captions.head());
  }

  /** How much audio has been sent, in seconds. */
  sent(seconds: number): void {
    this.sentSeconds = seconds;
    this.showLive();
  }

  /** The next message of the model. */
  message(message: ListenMessage): void {
    if (this.format === 'json') {
      this.print(`${message.type === 'Unknown' ? JSON.stringify(parsed(message.text)) : JSON.stringify(message)}\n`);
      return;
    }
    for (const utterance of this.transcript.add(message)) this.utterance(utterance);
    this.notices.message(message);
    this.showLive();
  }

  /** The next event of a model of another dialect than Deepgram's. */
  event(event: TranscriptionEvent): void {
    if (this.format === 'json') {
      this.print(`${JSON.stringify(event)}\n`);
      return;
    }
    if (event.type === 'warning') this.tell(event.message);
    if (event.type === 'final') this.utterance({ channel: undefined, ...event });
    if (event.type === 'partial' || event.type === 'final') this.partial = event.type === 'partial' ? event.text : '';
    this.showLive();
  }

  /** Prints the utterance that was still open. Must be the last call. */
  end(): void {
    for (const utterance of this.transcript.end()) this.utterance(utterance);
    this.live.clear();
  }

  private utterance(utterance: ReturnType<TranscriptPrinter['transcript']['add']>[number]): void {
    if (this.captions) this.print(this.captions.add(utterance));
    else
      this.print(`${utterance.channel === undefined ? '' : `[${utterance.channel}] `}${printable(utterance.text)}\n`);
  }

  private print(text: string): void {
    if (text === '') return;
    this.live.clear();
    this.stdout.write(text);
  }

  private showLive(): void {
    const interim = this.partial || this.transcript.interim;
    this.live.show(this.sentSeconds === undefined ? '' : `${this.progress(this.sentSeconds)}  `, interim);
  }
}

/** `1:05.3` */
function clock(seconds: number): string {
  const tenths = Math.floor(seconds * 10);
  const rest = `${Math.floor(tenths / 10) % 60}`.padStart(2, '0');
  return `${Math.floor(tenths / 600)}:${rest}.${tenths % 10}`;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return { type: 'Unknown', text };
  }
}
