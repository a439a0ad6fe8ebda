import { once } from 'node:events';
import type { RawData, WebSocket } from 'ws';
import { ExplainedError, isSpeechProtocol } from '../../contract';
import type { Trial, TrialEvent, TrialKind, TrialRequest } from './trial';

/** Bytes that may wait for a page that does not read. */
const WAITING_LIMIT_BYTES = 1024 * 1024;

const KINDS: readonly TrialKind[] = ['messages', 'transcribe', 'speak'];

/** RFC 6455, section 7.4.1. */
const POLICY_VIOLATION = 1008;

/** The end of a page's input. */
const END = Symbol('end');

/**
 * One trial of a page, over a WebSocket of its own. The page's first message is its {@link TrialRequest}; then binary messages are audio or
 * bytes, `{ text }` is text, and `{ finish: true }` ends the input. Both directions have backpressure.
 */
export class TrialConnection {
  private trial: Promise<Trial> | undefined;
  private sending: Promise<unknown> = Promise.resolve();

  /** @param open called once, with the page's request. */
  constructor(
    private readonly socket: WebSocket,
    private readonly open: (request: TrialRequest) => Promise<Trial>,
  ) {
    socket.on('message', (data, isBinary) => this.onMessage(data, isBinary));
    socket.on('error', () => {}); // 'close' follows
    socket.on('close', () => void this.abort());
  }

  private onMessage(data: RawData, isBinary: boolean): void {
    if (this.trial) {
      const message = isBinary ? (data as Buffer) : readInput(String(data));
      if (message === undefined) this.socket.close(POLICY_VIOLATION, 'A message is bytes, text or the end.');
      else this.forward(this.trial, message);
      return;
    }
    const request = isBinary ? undefined : readTrialRequest(String(data));
    if (!request) {
      this.socket.close(POLICY_VIOLATION, 'The first message names the endpoint and what to try.');
      return;
    }
    this.trial = this.open(request);
    void this.answer(this.trial);
  }

  private async abort(): Promise<void> {
    const trial = await this.trial?.catch(() => undefined); // its failure was told
    trial?.abort();
  }

  private forward(opening: Promise<Trial>, message: string | Buffer | typeof END): void {
    this.socket.pause();
    this.sending = this.sending
      .then(async () => {
        const trial = await opening;
        await (message === END ? trial.finish() : trial.send(message));
      })
      // What broke the stream is thrown where its answers are read.
      .catch(() => {})
      .finally(() => this.socket.resume());
  }

  private async answer(opening: Promise<Trial>): Promise<void> {
    try {
      for await (const answer of (await opening).answers) {
        await this.send(answer);
        if (this.socket.readyState !== this.socket.OPEN) return;
      }
      await this.send({ type: 'done' });
    } catch (error) {
      await this.send(failure(error as Error));
    }
    this.socket.close(1000);
  }

  private async send(answer: TrialEvent | Uint8Array): Promise<void> {
    const { socket } = this;
    if (socket.readyState !== socket.OPEN) return;
    const isOver = new Promise<void>(resolve => {
      socket.send(answer instanceof Uint8Array ? answer : JSON.stringify(answer), () => resolve());
    });
    if (socket.bufferedAmount > WAITING_LIMIT_BYTES) await Promise.race([isOver, once(socket, 'close')]);
  }
}

/** @returns undefined for what is neither text nor the end. */
function readInput(json: string): string | typeof END | undefined {
  const { text, finish } = parsed(json) ?? {};
  if (finish === true) return END;
  return typeof text === 'string' ? text : undefined;
}

function parsed(json: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** The three sentences of an error, without its stack. */
function failure(error: Error): TrialEvent {
  if (!(error instanceof ExplainedError)) return { type: 'failed', what: error.message };
  const { what, why, next } = error;
  return { type: 'failed', what, why, next };
}

/** @returns undefined for what is no request. */
function readTrialRequest(text: string): TrialRequest | undefined {
  const { endpointName, kind, protocol, modelName, language, path, query, sampleRate } = parsed(text) ?? {};
  const isKnown = typeof endpointName === 'string' && KINDS.some(each => each === kind);
  const isOptional = (value: unknown) => value === undefined || typeof value === 'string';
  if (!isKnown || ![protocol, modelName, language, path, query].every(isOptional)) return undefined;
  if (sampleRate !== undefined && !(typeof sampleRate === 'number' && sampleRate >= 8_000 && sampleRate <= 192_000)) {
    return undefined;
  }
  const named = protocol as string | undefined;
  if (named !== undefined && !isSpeechProtocol(named)) return undefined;
  return {
    endpointName,
    kind: kind as TrialRequest['kind'],
    ...(named !== undefined && { model: { protocol: named, ...(modelName ? { modelName: String(modelName) } : {}) } }),
    ...(language ? { language: String(language) } : {}),
    ...(path ? { path: String(path) } : {}),
    ...(query ? { query: String(query) } : {}),
    ...(sampleRate !== undefined && { sampleRate }),
  };
}
