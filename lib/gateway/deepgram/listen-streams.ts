import type { RawAudio } from '../../speech';
import { FrameAligner } from '../../speech/audio/frame-aligner';
import { HandOverWatch } from '../../speech/hand-over-watch';
import type { ListenStream } from './listen-stream';

/** What a session does with each of its streams. */
export type SessionStream = Pick<ListenStream, 'send' | 'finish' | 'abort' | 'isAtRest'>;

/** One stream and where in the audio it began. */
export interface Segment<Stream> {
  readonly stream: Stream;
  readonly offsetSeconds: number;
  /** As `performance.now()` has it. */
  readonly openedAt: number;
}

/**
 * The streams of one session, which follow each other: one that grows too old hands over to another, which is opened first, where the
 * speaker pauses and the model has nothing open. Without such a pause the stream continues.
 */
export class ListenStreams<Stream extends SessionStream = ListenStream> {
  /**
   * Opens the first stream.
   *
   * @param afterMs age at which a stream hands over, in milliseconds
   */
  static async open<Stream extends SessionStream>(
    open: () => Promise<Stream>,
    audio: RawAudio,
    afterMs: number,
  ): Promise<ListenStreams<Stream>> {
    return new ListenStreams(open, new HandOverWatch(audio, Number.POSITIVE_INFINITY, afterMs), await open());
  }

  /** Changes to another stream so far. */
  handOvers = 0;
  private readonly all: Segment<Stream>[];
  private readonly aligner: FrameAligner;
  private next: Promise<Stream> | undefined;
  private isOver = false;

  private constructor(
    private readonly openStream: () => Promise<Stream>,
    private readonly watch: HandOverWatch,
    first: Stream,
  ) {
    this.aligner = new FrameAligner(watch.frameBytes);
    this.all = [{ stream: first, offsetSeconds: 0, openedAt: performance.now() }];
  }

  /** The stream that the audio goes to. */
  get current(): Segment<Stream> {
    return this.all.at(-1)!;
  }

  /** The streams in their order, each once the one before was read to its end. */
  *segments(): Generator<Segment<Stream>, void> {
    for (let index = 0; index < this.all.length; index += 1) yield this.all[index]!;
  }

  /** Sends audio, and changes to another stream where that is due. Each call waits for the one before. */
  async send(audio: Uint8Array): Promise<void> {
    const frames = this.aligner.take(audio);
    if (frames.length === 0) return;
    const { stream } = this.current;
    await stream.send(frames);
    const moment = this.watch.sent(frames);
    if (moment === undefined || this.isOver) return;
    this.next ??= this.openNext();
    if (moment === 'at-pause' && stream.isAtRest(this.watch.pauseSeconds)) await this.handOver(stream, this.next);
  }

  /** Ends the changes of streams. A stream that was opened for a change is ended. */
  end(): void {
    this.isOver = true;
    this.next?.then(
      stream => stream.abort(),
      () => undefined,
    );
  }

  /** Ends everything at once. */
  abort(): void {
    this.end();
    for (const { stream } of this.all) stream.abort();
  }

  private openNext(): Promise<Stream> {
    const opening = this.openStream();
    opening.catch(() => undefined); // awaited at the pause
    return opening;
  }

  /** Sends the audio from here on to the stream that was opened for it, and asks the old one for its rest. */
  private async handOver(old: Stream, opening: Promise<Stream>): Promise<void> {
    const stream = await opening.catch(() => undefined);
    if (this.isOver) return; // end() has ended it
    this.next = undefined;
    if (!stream) return; // another is opened for the next pause
    this.all.push({ stream, offsetSeconds: this.watch.sentSeconds, openedAt: performance.now() });
    this.watch.changed(this.watch.sentSeconds);
    this.handOvers += 1;
    old.finish().catch(() => undefined); // its reader gets the error
  }
}
