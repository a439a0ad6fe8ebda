import type { BidiSession } from '../client';
import { CompletionState, DataType } from '../contract';
import { ORDERLY, outcomeOf } from './outcome';

/** A frame as the container received it; container/echo/README.md has the format. */
export interface ReceivedFrame {
  /** Milliseconds since the session began. */
  readonly at: number;
  readonly opcode: string;
  readonly fin: boolean;
  readonly rsv: number;
  readonly masked: boolean;
  /** Of the payload, in bytes. */
  readonly length: number;
}

/** What the container reports of a session. */
export interface ProbeReport {
  readonly session: {
    readonly request: {
      readonly method: string;
      readonly target: string;
      readonly httpVersion: string;
      readonly headers: readonly (readonly [string, string])[];
    };
    readonly frames: readonly ReceivedFrame[];
    readonly messages: readonly { readonly type: string; readonly length: number; readonly sha256: string }[];
    readonly pongs: readonly { readonly roundTripMs: number }[];
    readonly closed?: { readonly code: number };
  };
  readonly process: {
    readonly arguments: readonly string[];
    /** Names of its environment variables. */
    readonly environment: readonly string[];
    /** ISO 8601; the same for each stream to one container. */
    readonly startedAt: string;
  };
}

/** A frame that the container is told to send. */
export interface FrameToSend {
  readonly opcode?: 'text' | 'binary';
  readonly fin?: boolean;
  readonly text?: string;
  readonly base64?: string;
  readonly size?: number;
}

/** A part of the answer, as the client received it. */
export interface ReceivedPart {
  readonly bytes: Buffer;
  /** Such as `UTF8 COMPLETE`. */
  readonly kind: string;
}

/** One stream to the container's probe path. */
export class ProbeSession implements AsyncDisposable {
  private readonly parts: AsyncIterator<{
    readonly data: Uint8Array;
    readonly dataType: DataType;
    readonly completionState: CompletionState;
  }>;

  constructor(
    /** The stream. */
    readonly session: BidiSession,
    /** The name under which another stream can ask for its report. */
    readonly name: string,
  ) {
    this.parts = session.fragments()[Symbol.asyncIterator]();
  }

  /** Tells the container to do something. */
  tell(command: { readonly probe: string } & Readonly<Record<string, unknown>>): Promise<void> {
    return this.session.send(JSON.stringify(command));
  }

  /** Tells the container to send these frames. */
  askFor(...frames: readonly FrameToSend[]): Promise<void> {
    return this.tell({ probe: 'send', frames });
  }

  /** The next part of the answer; undefined at the orderly end. @throws SessionError */
  async next(): Promise<ReceivedPart | undefined> {
    const { done, value } = await this.parts.next();
    if (done) return undefined;
    const { data, dataType, completionState } = value;
    return { bytes: Buffer.from(data), kind: `${dataType} ${completionState}` };
  }

  /** The next so many parts. @throws Error when the stream ends before */
  async take(count: number): Promise<ReceivedPart[]> {
    const taken: ReceivedPart[] = [];
    while (taken.length < count) {
      const part = await this.next();
      if (!part) throw new Error(`the stream ended after ${taken.length} of ${count} answers`);
      taken.push(part);
    }
    return taken;
  }

  /** The container's report of this stream, or of another one. Everything that was sent before is in it. */
  async report(name?: string): Promise<ProbeReport> {
    await this.tell(name === undefined ? { probe: 'report' } : { probe: 'report', session: name });
    let text = '';
    for (;;) {
      const part = await this.next();
      if (!part) throw new Error('the stream ended before the report');
      text += part.bytes.toString();
      if (!part.kind.endsWith(CompletionState.COMPLETE)) continue;
      const answer = JSON.parse(text) as ProbeReport & { readonly probe: string; readonly message?: string };
      text = '';
      if (answer.probe === 'error') throw new Error(answer.message);
      if (answer.probe === 'report') return answer;
    }
  }

  /** Reads to the end. @returns the words for how it ended */
  async end(): Promise<string> {
    try {
      while (await this.next());
      return ORDERLY;
    } catch (error) {
      return outcomeOf(error);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.session.abort();
  }
}

/** The kind of a whole message of each type, as {@link ReceivedPart} has it. */
export const WHOLE = {
  text: `${DataType.UTF8} ${CompletionState.COMPLETE}`,
  binary: `${DataType.BINARY} ${CompletionState.COMPLETE}`,
} as const;
