import { randomBytes } from 'node:crypto';
import { Source, WEBSOCKET_PING_INTERVAL_MS, WEBSOCKET_PING_TOLERANCE } from '../../../contract';
import { type Observation, pass, warn } from '../../../report/finding';
import { Opcode } from '../../../wire/frame';
import { reasonOfSilence } from '../conversation';
import type { LiveCheck } from '../live-check';
import type { LiveContext } from '../live-context';
import type { ProbeSocket } from '../probe-socket';
import { echoFault } from './message-checks';

const PINGS = 5;

/** Replies that a half-close must not lose. */
const PENDING_MESSAGES = 10;

/** Control frames: ping, pong and close. */
export const CONTROL_CHECKS: readonly LiveCheck[] = [
  {
    name: 'pong',
    rule: `A WebSocket ping is answered; ${WEBSOCKET_PING_TOLERANCE} unanswered in a row, ${WEBSOCKET_PING_INTERVAL_MS / 1_000} s apart, close the stream.`,
    source: Source.DEVELOPER_GUIDE,
    advice: 'Let the WebSocket library answer pings, with their payload, and keep its thread or event loop free.',
    needs: ['open-default-path'],
    run: context => context.withSocket(socket => pongs(context, socket, '')),
  },
  {
    name: 'pong-under-load',
    rule: 'A WebSocket ping is answered quickly while other streams are busy.',
    source: Source.ADVICE,
    isAdvice: true,
    advice: 'Keep inference off the thread or event loop that answers pings.',
    needs: ['pong'],
    requires: 'conversation',
    sessions: 2,
    run: context =>
      context.whileBusy(() =>
        context.withSocket(socket => pongs(context, socket, ` with ${context.busySessions} busy sessions`)),
      ),
  },
  {
    name: 'control-in-fragments',
    rule: 'A ping between the frames of a message is answered, and the message stays complete.',
    source: 'RFC 6455, section 5.4',
    advice: 'Handle control frames separately from the fragments of a message.',
    needs: ['pong', 'fragments-in'],
    requires: 'echo',
    run: context =>
      context.withSocket(async socket => {
        const parts = ['bidi-check ', 'ping ', 'inside'].map(part => Buffer.from(part));
        socket.send(Opcode.TEXT, parts[0]!, false);
        socket.send(Opcode.PING, 'first');
        socket.send(Opcode.CONTINUATION, parts[1]!, false);
        socket.send(Opcode.PING, 'second');
        socket.send(Opcode.CONTINUATION, parts[2]!, true);
        const fault = await echoFault(context, socket, Buffer.concat(parts));
        if (fault) return { verdict: 'fail', seen: `the message: ${fault}` };
        // A pong may answer the most recent ping only (section 5.5.3).
        const pong = await socket.pongs.take(context.limits.replyMs);
        return pong ? pass('pings answered, message whole') : { verdict: 'fail', seen: 'no pong' };
      }),
  },
  {
    name: 'close-answer',
    rule: 'A close frame is answered with a close frame.',
    source: 'RFC 6455, section 5.5.1',
    advice: 'Answer close frames; in most libraries, keep reading until the stream has ended.',
    needs: ['open-default-path'],
    run: context =>
      context.withSocket(async socket => {
        socket.sendClose(1000);
        const end = await socket.endWithin(context.limits.replyMs);
        if (!end) return { verdict: 'fail', seen: `no close frame within ${context.limits.replyMs} ms` };
        if (end.code === 1006) return { verdict: 'fail', seen: 'the connection was cut without a close frame' };
        return end.code === 1000 || end.code === 1005
          ? pass(end.code === 1005 ? 'closed, without a code' : 'closed with 1000')
          : warn(`closed with ${end.code}, which reaches the caller as an error`, 'Answer 1000 with 1000.');
      }),
  },
  {
    name: 'half-close',
    rule: 'Messages that were sent before the close frame are answered before the close frame of the container. RFC 6455, section 5.5.1, does not require it.',
    source: Source.ADVICE,
    isAdvice: true,
    advice:
      'Finish what is in the queue, then answer the close frame; callers otherwise have to wait for the last reply.',
    needs: ['close-answer'],
    requires: 'conversation',
    run: context =>
      context.withSocket(async socket => {
        if (!context.conversation?.isEcho) {
          const fault = await context.conversation?.run(socket, {
            closeEarly: true,
            timeoutMs: context.limits.replyMs,
          });
          return fault ? warn(`closed right after its last message: ${fault}`) : pass('every expectation was met');
        }
        for (let count = 0; count < PENDING_MESSAGES; count++) socket.send(Opcode.TEXT, `bidi-check ${count}`);
        socket.sendClose(1000);
        const end = await socket.endWithin(context.limits.replyMs);
        const seen = `${socket.messages.size} of ${PENDING_MESSAGES} replies came after the close frame was sent`;
        if (!end) return warn(`${seen}, and no close frame within ${context.limits.replyMs} ms`);
        return socket.messages.size === PENDING_MESSAGES ? pass(seen) : warn(seen);
      }),
  },
];

/** Pings one after the other; each pong has to carry its ping's payload (RFC 6455, section 5.5.3). */
async function pongs(context: LiveContext, socket: ProbeSocket, how: string): Promise<Observation> {
  let slowestMs = 0;
  for (let count = 0; count < PINGS; count++) {
    const payload = randomBytes(8);
    const startedAt = performance.now();
    socket.send(Opcode.PING, payload);
    const pong = await socket.pongs.take(context.limits.replyMs);
    if (!pong) {
      const reason = socket.isOpen
        ? `no pong within ${context.limits.replyMs} ms`
        : `to a ping, ${await reasonOfSilence(socket, 0)}`;
      return { verdict: 'fail', seen: reason + how };
    }
    if (!pong.equals(payload)) return { verdict: 'fail', seen: `the pong does not carry its ping's payload${how}` };
    slowestMs = Math.max(slowestMs, performance.now() - startedAt);
  }
  return pass(`the slowest of ${PINGS} took ${slowestMs.toFixed(1)} ms${how}`);
}
