import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Opcode } from '../../wire/frame';
import type { Exchange, Expectation } from './exchange';
import type { ProbeMessage, ProbeSocket } from './probe-socket';

/** How a conversation is held. */
export interface ConversationStyle {
  /** Each message goes in this many frames. Default: 1. */
  readonly frames?: number;
  /** Longest time for a reply, in milliseconds. */
  readonly timeoutMs: number;
}

/** Something to say to the container, and the reply that shows that it understood. */
export interface Conversation {
  /** Whether what comes back is what was sent, byte for byte. */
  readonly isEcho: boolean;
  /** Says it once. Resolves with what was wrong, as part of a sentence, or `undefined`. */
  hold(socket: ProbeSocket, style: ConversationStyle): Promise<string | undefined>;
}

/** Conversation with a container that sends back what it gets. */
export class EchoConversation implements Conversation {
  readonly isEcho = true;

  async hold(socket: ProbeSocket, { frames = 1, timeoutMs }: ConversationStyle): Promise<string | undefined> {
    const sent = Buffer.from(`bidi-check ${randomUUID()}`);
    sendIn(socket, Opcode.TEXT, sent, frames);
    const reply = await socket.messages.take(timeoutMs);
    if (!reply) return silence(socket, timeoutMs);
    return reply.payload.equals(sent) ? undefined : 'a reply that is not what was sent on that session';
  }
}

/** Conversation that a file describes. */
export class ExchangeConversation implements Conversation {
  readonly isEcho = false;

  constructor(private readonly exchange: Exchange) {}

  async hold(socket: ProbeSocket, { frames = 1, timeoutMs }: ConversationStyle): Promise<string | undefined> {
    for (const { opcode, payload, intervalMs } of this.exchange.send) {
      if (!socket.isOpen) break;
      if (!sendIn(socket, opcode, payload, frames)) await socket.drained(timeoutMs);
      if (intervalMs > 0) await delay(intervalMs);
    }
    for (const [index, expectation] of this.exchange.expect.entries()) {
      const deadline = performance.now() + (this.exchange.timeoutMs ?? timeoutMs);
      for (;;) {
        const message = await socket.messages.take(Math.max(0, deadline - performance.now()));
        if (!message) {
          return `expectation ${index + 1} of ${this.exchange.expect.length} was not met: ${silence(socket, timeoutMs)}`;
        }
        if (meets(message, expectation)) break;
      }
    }
    return undefined;
  }
}

/** Sends a message in as many frames as asked for. */
export function sendIn(socket: ProbeSocket, opcode: number, payload: Buffer, frames: number): boolean {
  const size = Math.ceil(payload.length / frames);
  let flushed = true;
  for (let index = 0; index < frames; index++) {
    flushed = socket.send(
      index === 0 ? opcode : Opcode.CONTINUATION,
      payload.subarray(index * size, (index + 1) * size),
      index === frames - 1,
    );
  }
  return flushed;
}

/** Why there was no reply, as part of a sentence. */
export function silence(socket: ProbeSocket, timeoutMs: number): string {
  return socket.isOpen ? `no reply within ${timeoutMs} ms` : 'the container closed the stream';
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
