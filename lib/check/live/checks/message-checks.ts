import { randomBytes } from 'node:crypto';
import { Source } from '../../../contract';
import { fail, type Observation, pass, warn } from '../../../report/finding';
import { Opcode } from '../../../wire/frame';
import { reasonOfSilence, sendInFrames } from '../conversation';
import type { LiveCheck } from '../live-check';
import type { LiveContext } from '../live-context';
import type { ProbeSocket } from '../probe-socket';

/** The kit's own choice: a second of 32-bit stereo audio at 96 kHz is less, and most WebSocket libraries take this much unasked. */
const LARGE_BYTES = 1024 * 1024;

/** Two, three and four bytes a character, a NUL, a combining mark, and characters that mean something to JSON and to shells. */
const MIXED_TEXT = 'caf\u00e9 \u65e5\u672c\u8a9e \u{1f399} \u0000 e\u0301 "\\$`\u2028';

/** A byte that begins a character of two, without the second (RFC 3629, section 3). */
const NOT_UTF8 = Buffer.from([0x62, 0xc3, 0x28]);

/** Messages to a container, most of them to one that echoes. */
export const MESSAGE_CHECKS: readonly LiveCheck[] = [
  {
    name: 'text-message',
    rule: 'A text frame is received as text and answered as text (DataType UTF8).',
    source: Source.DEVELOPER_GUIDE,
    advice: 'Send text as text frames: in most libraries, pass a string instead of bytes.',
    requires: 'echo',
    run: context => context.withSocket(socket => echoOnce(context, socket, Opcode.TEXT, 'bidi-check text')),
  },
  {
    name: 'binary-message',
    rule: 'A binary frame is received as bytes and answered as binary (DataType BINARY).',
    source: Source.DEVELOPER_GUIDE,
    advice: 'Keep bytes as bytes: do not decode them, and send them as binary frames.',
    requires: 'echo',
    run: context => context.withSocket(socket => echoOnce(context, socket, Opcode.BINARY, everyByte())),
  },
  {
    name: 'fragments-in',
    rule: 'A message in several frames (CompletionState PARTIAL … COMPLETE) is one message.',
    source: Source.DEVELOPER_GUIDE,
    advice: 'Join continuation frames, or use a WebSocket library that does.',
    requires: 'conversation',
    async run(context) {
      const { conversation, limits } = context;
      if (!conversation?.isEcho) {
        const fault = await context.withSocket(async socket =>
          conversation?.run(socket, { frames: 3, timeoutMs: limits.replyMs }),
        );
        return fault
          ? fail(`the exchange with every message in 3 frames: ${fault}`, this.advice)
          : pass('the exchange, in 3 frames a message');
      }
      return context.withSocket(async socket => {
        for (const [opcode, name] of [
          [Opcode.TEXT, 'text'],
          [Opcode.BINARY, 'binary'],
        ] as const) {
          const sent = Buffer.from(`bidi-check ${name} in three frames`);
          sendInFrames(socket, opcode, sent, 3);
          const fault = await echoFault(context, socket, sent);
          if (fault) return fail(`${name} in 3 frames: ${fault}`, this.advice);
        }
        return pass('text and binary, in 3 frames each');
      });
    },
  },
  {
    name: 'empty-message',
    rule: 'A message without bytes is accepted, as RFC 6455 allows it.',
    source: Source.ADVICE,
    isAdvice: true,
    advice: 'Do not treat an empty message as the end, and do not drop it.',
    requires: 'echo',
    run: context =>
      context.withSocket(async socket => {
        for (const opcode of [Opcode.TEXT, Opcode.BINARY]) {
          socket.send(opcode, '');
          const fault = await echoFault(context, socket, Buffer.alloc(0));
          if (fault) return { verdict: 'fail', seen: `${opcode === Opcode.TEXT ? 'text' : 'binary'}: ${fault}` };
        }
        return pass('text and binary came back empty');
      }),
  },
  {
    name: 'large-message',
    rule: 'A message of 1 MiB is accepted. The platform sets no size for containers; callers choose the size.',
    source: Source.ADVICE,
    isAdvice: true,
    advice: 'Raise the message limit of your WebSocket library (max_size, maxPayload).',
    requires: 'echo',
    run: context =>
      context.withSocket(async socket => {
        const startedAt = performance.now();
        // Letters: a container that changes bytes fails another check.
        const sent = Buffer.from(randomBytes(LARGE_BYTES / 2).toString('hex'));
        socket.send(Opcode.BINARY, sent);
        const fault = await echoFault(context, socket, sent, 2 * context.limits.replyMs);
        return fault ? warn(fault) : pass(`1 MiB there and back in ${Math.round(performance.now() - startedAt)} ms`);
      }),
  },
  {
    name: 'utf8-text',
    rule: 'Text is UTF-8, with characters of one to four bytes, also when a frame ends inside a character.',
    source: 'RFC 6455, section 5.6',
    advice: 'Decode text as UTF-8, after the message is complete.',
    needs: ['text-message'],
    requires: 'echo',
    run: context =>
      context.withSocket(async socket => {
        const sent = Buffer.from(MIXED_TEXT);
        sendInFrames(socket, Opcode.TEXT, sent, 1);
        const whole = await echoFault(context, socket, sent);
        if (whole) return { verdict: 'fail', seen: `in one frame: ${whole}` };
        if (!context.passed('fragments-in')) return pass(`${sent.length} bytes in one frame`);
        // One byte a frame ends inside every character that has more than one.
        sendInFrames(socket, Opcode.TEXT, sent, sent.length);
        const split = await echoFault(context, socket, sent);
        return split
          ? { verdict: 'fail', seen: `in frames that end inside a character: ${split}` }
          : pass(`${sent.length} bytes in one frame and in ${sent.length}`);
      }),
  },
  {
    name: 'utf8-invalid',
    rule: 'Text that is not UTF-8 ends its own stream with close code 1007, and no other stream.',
    source: 'RFC 6455, section 8.1',
    advice: 'Catch the decoding error and close that WebSocket with 1007.',
    needs: ['open-default-path'],
    sessions: 2,
    async run(context) {
      const { replyMs } = context.limits;
      // The reply may be what was sent, so its form is not held against the container.
      const socket = await context.open({ onBreach: () => undefined });
      return context.withSocket(async neighbour => {
        socket.send(Opcode.TEXT, NOT_UTF8);
        // A server that is no echo may greet: only what an echo sends back shows how the text was taken.
        const message = context.conversation?.isEcho ? await socket.messages.take(replyMs) : undefined;
        const end = message ? undefined : await socket.endWithin(context.conversation?.isEcho ? 0 : replyMs);
        socket.leave();
        const fault = await context.faultOf(neighbour);
        if (fault) return fail(`another stream, open at the same time: ${fault}`, this.advice);
        if (message) return warn('it was taken for text', this.advice);
        if (!end) return warn(`it was not closed within ${replyMs} ms`, this.advice);
        return end.code === 1007 ? pass('closed with 1007') : warn(`closed with ${end.code}`, this.advice);
      });
    },
  },
];

/** Every value that a byte can have. */
function everyByte(): Buffer {
  return Buffer.from(Array.from({ length: 256 }, (_, value) => value));
}

async function echoOnce(
  context: LiveContext,
  socket: ProbeSocket,
  opcode: number,
  payload: Buffer | string,
): Promise<Observation> {
  const sent = Buffer.from(payload);
  socket.send(opcode, sent);
  const reply = await socket.messages.take(context.limits.replyMs);
  if (!reply) return { verdict: 'fail', seen: await reasonOfSilence(socket, context.limits.replyMs) };
  if (reply.opcode !== opcode) {
    return { verdict: 'fail', seen: `it came back as ${reply.opcode === Opcode.TEXT ? 'text' : 'binary'}` };
  }
  return reply.payload.equals(sent)
    ? pass(`${sent.length} bytes came back`)
    : { verdict: 'fail', seen: `${sent.length} bytes came back as ${reply.payload.length} other ones` };
}

/** The fault in the echo of a message, as part of a sentence, or `undefined`. Another check judges whether it is text. */
export async function echoFault(
  context: LiveContext,
  socket: ProbeSocket,
  sent: Buffer,
  timeoutMs = context.limits.replyMs,
): Promise<string | undefined> {
  const reply = await socket.messages.take(timeoutMs);
  if (!reply) return reasonOfSilence(socket, timeoutMs);
  if (reply.payload.equals(sent)) return undefined;
  return `${sent.length} bytes came back as ${reply.payload.length}${reply.payload.length === sent.length ? ' other ones' : ''}`;
}
