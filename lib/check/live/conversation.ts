import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { printable } from '../../report/printable';
import { Opcode } from '../../wire/frame';
import type { Exchange, Expectation } from './exchange';
import type { ProbeMessage, ProbeSocket } from './probe-socket';

/** How a conversation is held. */
export interface ConversationOptions {
  /**
   * Frames of each message.
   *
   * @default 1
   */
  readonly frames?: number;
  /**
   * Send the close frame right after the last message, before any answer.
   *
   * @default false
   */
  readonly closeEarly?: boolean;
  /** Longest time for an answer, in milliseconds. */
  readonly timeoutMs: number;
}

/** Messages to the container, and the answers by which it shows that it understood them. */
export interface Conversation {
  /** Whether the container sends each message back, byte for byte. */
  readonly isEcho: boolean;
  /** Holds it once on a WebSocket. Resolves with what was wrong, as part of a sentence, or `undefined`. */
  run(socket: ProbeSocket, options: ConversationOptions): Promise<string | undefined>;
}

/** A conversation with a container that sends back what it gets. */
export class EchoConversation implements Conversation {
  readonly isEcho = true;

  async run(socket: ProbeSocket, { frames = 1, timeoutMs }: ConversationOptions): Promise<string | undefined> {
    const sent = Buffer.from(`bidi-check ${randomUUID()}`);
    sendInFrames(socket, Opcode.TEXT, sent, frames);
    const reply = await socket.messages.take(timeoutMs);
    if (!reply) return reasonOfSilence(socket, timeoutMs);
    return reply.payload.equals(sent) ? undefined : 'a reply that is not what was sent on that session';
  }
}

/** A conversation that a file of `--exchange` or a protocol describes. */
export class ExchangeConversation implements Conversation {
  readonly isEcho = false;

  constructor(private readonly exchange: Exchange) {}

  async run(socket: ProbeSocket, options: ConversationOptions): Promise<string | undefined> {
    const timeoutMs = this.exchange.timeoutMs ?? options.timeoutMs;
    await this.send(socket, options.frames ?? 1, timeoutMs);
    if (options.closeEarly) socket.sendClose(1000);
    let last: ProbeMessage | undefined;
    for (const [index, expectation] of this.exchange.expect.entries()) {
      const deadline = performance.now() + timeoutMs;
      let message: ProbeMessage | undefined;
      do {
        message = await socket.messages.take(Math.max(0, deadline - performance.now()));
        last = message ?? last;
      } while (message && !meets(message, expectation));
      if (!message) {
        const seen = last ? `the last message was ${describeMessage(last)}` : 'no message came';
        const reason = socket.isOpen ? `within ${timeoutMs} ms` : await reasonOfSilence(socket, timeoutMs);
        return `expectation ${index + 1} of ${this.exchange.expect.length} was not met: ${seen}, ${reason}`;
      }
    }
    return undefined;
  }

  private async send(socket: ProbeSocket, frames: number, timeoutMs: number): Promise<void> {
    for (const { opcode, payload, intervalMs } of this.exchange.send) {
      if (!socket.isOpen) return;
      if (!sendInFrames(socket, opcode, payload, frames)) await socket.drained(timeoutMs);
      if (intervalMs > 0) await delay(intervalMs);
    }
  }
}

/** Sends a message in as many frames as asked for. False when the kernel's buffer is full. */
export function sendInFrames(socket: ProbeSocket, opcode: number, payload: Buffer, frames: number): boolean {
  const size = Math.ceil(payload.length / frames);
  let hasRoom = true;
  for (let index = 0; index < frames; index++) {
    hasRoom = socket.send(
      index === 0 ? opcode : Opcode.CONTINUATION,
      payload.subarray(index * size, (index + 1) * size),
      index === frames - 1,
    );
  }
  return hasRoom;
}

/** Why there was no reply, as part of a sentence. */
export async function reasonOfSilence(socket: ProbeSocket, timeoutMs: number): Promise<string> {
  if (socket.isOpen) return `no reply within ${timeoutMs} ms`;
  const { code, reason } = await socket.ended;
  if (code === 1006) return 'the container cut the stream without a close frame';
  return `the container closed the stream with ${code}${reason ? ` (${printable(reason)})` : ''}`;
}

/** Characters of a message that a report shows. */
const SHOWN_CHARACTERS = 200;

function describeMessage({ opcode, payload }: ProbeMessage): string {
  if (opcode !== Opcode.TEXT) return `${payload.length} bytes, binary`;
  const text = printable(payload.toString('utf8'));
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
}

function meets(message: ProbeMessage, expectation: Expectation): boolean {
  const isText = message.opcode === Opcode.TEXT;
  if (expectation.type !== undefined && isText !== (expectation.type === 'text')) return false;
  if (expectation.matches && !(isText && expectation.matches.test(message.payload.toString('utf8')))) return false;
  if (expectation.json === undefined) return true;
  try {
    return isText && contains(JSON.parse(message.payload.toString('utf8')), expectation.json);
  } catch {
    return false;
  }
}

/** Whether `actual` holds everything that `expected` names. */
function contains(actual: unknown, expected: unknown): boolean {
  if (typeof expected !== 'object' || expected === null) return Object.is(actual, expected);
  if (typeof actual !== 'object' || actual === null || Array.isArray(actual) !== Array.isArray(expected)) return false;
  return Object.entries(expected).every(([key, value]) => contains((actual as Record<string, unknown>)[key], value));
}
