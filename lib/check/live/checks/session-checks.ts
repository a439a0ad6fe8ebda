import { SESSION_LIMIT_MS, Source } from '../../../contract';
import { fail, type Observation, pass } from '../../../report/finding';
import { Opcode } from '../../../wire/frame';
import type { LiveCheck } from '../live-check';
import type { LiveContext } from '../live-context';
import type { ProbeSocket } from '../probe-socket';
import { residentBytes } from '../resident-memory';

const MEBIBYTE = 1024 * 1024;

/** One message of the slow reader. */
const SLOW_READER_MESSAGE_BYTES = 64 * 1024;

/** Connections that are cut in each way. */
const CUTS = 8;

/** Sessions beside each other, and their end. */
export const SESSION_CHECKS: readonly LiveCheck[] = [
  {
    name: 'concurrent-sessions',
    rule: 'Many sessions are active at once, and each gets only its own replies.',
    source: Source.DEVELOPER_GUIDE,
    advice: 'Keep the state of a session in the session, not in a shared variable.',
    needs: ['open-default-path'],
    requires: 'conversation',
    sessions: 2,
    async run(context) {
      const { conversation, limits, load } = context;
      const sessions = Math.min(load.sessions, context.sessionLimit);
      const sockets = await Promise.all(Array.from({ length: sessions }, () => context.open()));
      const rounds = conversation?.isEcho ? load.messages : 1;
      const faults = await Promise.all(
        sockets.map(async socket => {
          for (let count = 0; count < rounds; count++) {
            const fault = await conversation?.run(socket, { timeoutMs: 2 * limits.replyMs });
            if (fault) return fault;
          }
          return conversation?.isEcho && socket.messages.size > 0 ? 'more replies than messages' : undefined;
        }),
      );
      await context.leave(sockets);
      const wrong = faults.filter(fault => fault !== undefined);
      const seen = `${sessions} sessions, ${rounds} ${conversation?.isEcho ? 'messages' : 'exchange'} each`;
      return wrong.length === 0
        ? pass(`${seen}, every reply on its own session`)
        : fail(`${seen}: wrong on ${wrong.length}, the first: ${wrong[0]}`, this.advice);
    },
  },
  {
    name: 'slow-reader',
    rule: 'The container waits for a caller that does not read, without unbounded memory and without delaying other sessions.',
    source: Source.ADVICE,
    isAdvice: true,
    advice:
      'Stop reading from a stream while its replies pile up (pause on a full send buffer), and close it if that lasts.',
    needs: ['binary-message'],
    requires: 'echo',
    sessions: 2,
    run: slowReader,
  },
  {
    name: 'abrupt-disconnect',
    rule: 'A connection that breaks in the middle of a message affects no other session.',
    source: Source.ADVICE,
    isAdvice: true,
    advice: 'Handle the error event of every socket, and free what belongs to the session.',
    needs: ['open-default-path'],
    async run(context) {
      const part = Buffer.from('bidi-check, cut in the middle');
      // The first bytes of a masked binary frame that promises 64 KiB (RFC 6455, section 5.2).
      const halfFrame = Buffer.from([0x82, 0xff, 0, 0, 0, 0, 0, 1, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8]);
      const ways: ((socket: ProbeSocket) => void)[] = [
        socket => socket.cut('reset'),
        socket => {
          socket.send(Opcode.BINARY, part, false);
          socket.cut('fin');
        },
        socket => {
          socket.sendRaw(halfFrame);
          // The bytes have to be on their way first.
          setImmediate(() => socket.cut('reset'));
        },
        socket => {
          // Replies are on their way when it is cut. A container that is no echo may not know such messages, so it gets none.
          for (let count = 0; count < 20 && context.conversation?.isEcho; count++) socket.send(Opcode.BINARY, part);
          setImmediate(() => socket.cut('reset'));
        },
      ];
      const cuts = Math.min(CUTS, context.sessionLimit);
      for (const cut of ways) {
        const sockets = await Promise.all(Array.from({ length: cuts }, () => context.reopen()));
        for (const socket of sockets) cut(socket);
      }
      await new Promise(resolve => setTimeout(resolve, 50));
      const { status } = await context.ping();
      if (status !== 200) return { verdict: 'fail', seen: `afterwards /ping answers ${status}` };
      const socket = await context.reopen();
      const fault = await context.faultOf(socket);
      const seen = `${cuts * ways.length} connections cut in ${ways.length} ways`;
      return fault
        ? fail(`${seen}; afterwards, on a new stream: ${fault}`, this.advice)
        : pass(`${seen}; new streams work`);
    },
  },
  {
    name: 'session-cap',
    rule: `A stream may live for ${SESSION_LIMIT_MS / 60_000} minutes with a ping each minute; the caller then opens another stream, which works in the same way.`,
    source: Source.ADVICE,
    isAdvice: true,
    advice: 'Do not close old or quiet streams, and keep no state that a reconnect needs.',
    needs: ['open-default-path'],
    async run(context) {
      const { sessionMs, webSocketPingMs } = context.limits;
      const seconds = (milliseconds: number) => `${(milliseconds / 1_000).toFixed(1)} s`;
      const ended = await context.withSocket(async socket => {
        const startedAt = performance.now();
        const pings = setInterval(() => socket.isOpen && socket.send(Opcode.PING, ''), webSocketPingMs);
        const end = await socket.endWithin(sessionMs).finally(() => clearInterval(pings));
        if (end) return `the container closed it with ${end.code} after ${seconds(performance.now() - startedAt)}`;
        const fault = await context.faultOf(socket);
        // Going away: the platform's end of the session, not the caller's.
        socket.sendClose(1001);
        await socket.endWithin(context.limits.replyMs);
        return fault && `at its end: ${fault}`;
      });
      if (ended) return fail(`a stream of ${seconds(sessionMs)}: ${ended}`, this.advice);
      const fault = await context.withSocket(socket => context.faultOf(socket));
      return fault
        ? fail(`the stream that followed one of ${seconds(sessionMs)}: ${fault}`, this.advice)
        : pass(
            `a stream of ${seconds(sessionMs)} with ${Math.floor(sessionMs / webSocketPingMs)} pings, and one after it`,
          );
    },
  },
];

/** Judges every frame that the other checks received, so it runs after them. */
export const FRAME_FORMAT_CHECK: LiveCheck = {
  name: 'frame-format',
  rule: 'The frames of the container are well-formed: unmasked, fragments in order, text in UTF-8.',
  source: 'RFC 6455, sections 5.1 to 5.6',
  advice: 'Leave the framing to a WebSocket library.',
  needs: ['open-default-path'],
  async run(context) {
    if (context.breaches.size === 0) return pass('nothing wrong in any frame of this run');
    return {
      verdict: 'fail',
      seen: [...context.breaches].map(([breach, count]) => `${breach}, ${count} times`).join('; '),
    };
  },
};

async function slowReader(this: LiveCheck, context: LiveContext): Promise<Observation> {
  const pid = context.container?.pid;
  const before = await residentBytes(pid);
  return context.withSocket(async socket => {
    socket.pause();
    const { sentBytes, isStalled } = await sendUntilStalled(context, socket);
    const growth = growthInWords(before, await residentBytes(pid));
    const seen = `it took ${(sentBytes / MEBIBYTE).toFixed(0)} MiB from a caller that does not read; ${growth}`;
    if (!isStalled && socket.isOpen) return fail(`${seen}; it never waited`, this.advice);

    const other = await context.withSocket(neighbour => context.faultOf(neighbour));
    if (other) return fail(`${seen}; meanwhile, on another stream: ${other}`, this.advice);
    if (!socket.isOpen) return pass(`${seen}; it closed that stream`);

    socket.resume();
    const receivedBytes = await receiveBytes(context, socket, sentBytes);
    if (receivedBytes === sentBytes) return pass(`${seen}; it waited, and all came once it was read`);
    return socket.isOpen
      ? fail(`${seen}; once it was read, ${sentBytes - receivedBytes} bytes were missing`, this.advice)
      : pass(`${seen}; it waited, and then closed that stream`);
  });
}

/** Sends to an echo that is not read, until the container waits or the load is all sent. */
async function sendUntilStalled(
  { load, limits }: LiveContext,
  socket: ProbeSocket,
): Promise<{ sentBytes: number; isStalled: boolean }> {
  const message = Buffer.alloc(SLOW_READER_MESSAGE_BYTES, 'bidi');
  let sentBytes = 0;
  let isStalled = false;
  while (sentBytes < load.slowReaderBytes && !isStalled && socket.isOpen) {
    const hasRoom = socket.send(Opcode.BINARY, message);
    sentBytes += message.length;
    if (!hasRoom) isStalled = !(await socket.drained(limits.stallMs));
  }
  return { sentBytes, isStalled };
}

/** Bytes of the replies, up to a number or to the first long pause. */
async function receiveBytes({ limits }: LiveContext, socket: ProbeSocket, expectedBytes: number): Promise<number> {
  let receivedBytes = 0;
  while (receivedBytes < expectedBytes) {
    const reply = await socket.messages.take(limits.replyMs);
    if (!reply) break;
    receivedBytes += reply.payload.length;
  }
  return receivedBytes;
}

function growthInWords(before: number | undefined, after: number | undefined): string {
  return before === undefined || after === undefined
    ? 'its memory is not visible from here'
    : `its memory grew by ${((after - before) / MEBIBYTE).toFixed(0)} MiB`;
}
