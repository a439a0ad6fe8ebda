import {
  Clock,
  INJECTED_FAULT_KINDS,
  INJECTED_FAULT_PHASES,
  type InjectedFaultKind,
  type InjectedFaultPhase,
  type LocalEvent,
  LocalSageMaker,
  parseInjectedFault,
} from '../../../lib/local';
import { FrameTap } from '../support/frame-tap';
import { scriptedEndpoint, startLocal } from '../support/local';
import { SignedStream } from '../support/signed-stream';

describe('the word of a fault', () => {
  test.each([
    ['crash', { kind: 'crash', phase: 'streaming', value: 0 }],
    ['accept-delay', { kind: 'accept-delay', phase: 'opening', value: 300 }],
    ['accept-delay=400', { kind: 'accept-delay', phase: 'opening', value: 400 }],
    ['internal-failure@closing/10', { kind: 'internal-failure', phase: 'closing', value: 0, every: 10 }],
    ['close=1013', { kind: 'close', phase: 'streaming', value: 1013 }],
  ])('%s', (word, fault) => {
    expect(parseInjectedFault(word)).toEqual(fault);
  });

  test.each([
    ['meteor', /no fault that can be injected[\s\S]*accept-delay/],
    ['crash@noon', /cannot happen in the phase "noon"/],
    ['throttling@streaming', /cannot happen in the phase "streaming"[\s\S]*while opening/],
    ['crash=3', /takes no value/],
    ['crash/0', /no session/],
    ['toString', /no fault/],
  ])('refuses %s', (word, message) => {
    expect(() => parseInjectedFault(word)).toThrow(message);
  });
});

/** What the client sees of a fault in a phase, as the platform documents it. */
const DOCUMENTED: Record<InjectedFaultKind, Partial<Record<InjectedFaultPhase, object>>> = {
  'accept-delay': { opening: { status: 424, type: 'ModelError', OriginalStatusCode: 0 } },
  refuse: { opening: { status: 424, type: 'ModelError', OriginalStatusCode: 503 } },
  throttling: { opening: { status: 400, type: 'ThrottlingException' } },
  unavailable: { opening: { status: 503, type: 'ServiceUnavailableError' } },
  'internal-failure': {
    opening: { status: 500, type: 'InternalServerError' },
    streaming: { exception: 'InternalStreamFailure' },
    closing: { exception: 'InternalStreamFailure' },
  },
  crash: {
    opening: { status: 424, type: 'ModelError', OriginalStatusCode: 0 },
    streaming: { exception: 'ModelStreamError', ErrorCode: 'StreamBroken' },
    closing: { exception: 'ModelStreamError', ErrorCode: 'StreamBroken' },
  },
  close: {
    streaming: { exception: 'ModelStreamError', ErrorCode: '1011' },
    closing: { exception: 'ModelStreamError', ErrorCode: '1011' },
  },
  'bad-frame': {
    streaming: { exception: 'ModelStreamError', ErrorCode: 'StreamBroken' },
    closing: { exception: 'ModelStreamError', ErrorCode: 'StreamBroken' },
  },
  reset: { opening: { reset: true }, streaming: { reset: true }, closing: { reset: true } },
  // Frames and TCP are looked at below.
  'connection-reset': { opening: { reset: true }, streaming: { reset: true }, closing: {} },
  'ping-silence': { streaming: { exception: 'ModelStreamError', ErrorCode: 'StreamBroken' } },
  // It slows the stream down and breaks nothing.
  'slow-reader': { streaming: { echoed: 3 } },
};

describe('each fault in each phase', () => {
  const events: LocalEvent[] = [];
  const cases = (Object.keys(INJECTED_FAULT_KINDS) as InjectedFaultKind[]).flatMap(kind =>
    INJECTED_FAULT_PHASES.filter(phase =>
      (INJECTED_FAULT_KINDS[kind].phases as readonly InjectedFaultPhase[]).includes(phase),
    ).map(phase => [kind, phase] as const),
  );

  test.each(cases)('%s @ %s', async (kind, phase) => {
    const expected = DOCUMENTED[kind][phase];
    expect(expected).toBeDefined();
    await using local = await startLocal({
      faults: [parseInjectedFault(`${kind}@${phase}/2`)],
      clock: new Clock(3_000),
      observe: event => events.push(event),
    });
    expect(await seen(local, kind === 'ping-silence')).toMatchObject(expected!);
    if (kind === 'reset' && phase !== 'opening') {
      expect(events.findLast(event => event.type === 'session-ended')?.session.outcome).toBe('aborted');
    }
    // One session in two: the next one is whole, with the container in service again.
    if (kind === 'crash') await inService(events, 2);
    expect(await seen(local)).toEqual({ echoed: 3 });
    expect(local.openSessions).toBe(0);
    events.length = 0;
  });

  /** Opens, sends three messages, reads their echoes and ends, or waits for the platform to: what comes of it. */
  async function seen(local: LocalSageMaker, staysOpen = false): Promise<object> {
    const stream = await SignedStream.open(local);
    try {
      const status = Number((await stream.response)[':status']);
      if (status !== 200) {
        const { type, body } = await stream.refusal();
        return { status, type, ...body };
      }
    } catch {
      return { reset: true };
    }
    try {
      for (let index = 1; index <= 3; index += 1) {
        await stream.part(`message ${index}`);
        await stream.nth(index);
      }
      if (!staysOpen) await stream.end();
    } catch {
      // the stream has ended before: what it said is below
    }
    const received = await stream.ended;
    const last = received.at(-1);
    if (last?.headers[':message-type'] === 'exception') {
      return { exception: last.headers[':exception-type'], ...(JSON.parse(last.body.toString()) as object) };
    }
    return stream.stream.rstCode === 0 ? { echoed: received.length } : { reset: true };
  }
});

test('a container that is killed is started again, and told of with its last words and the sessions that it took along', async () => {
  const events: LocalEvent[] = [];
  await using local = await LocalSageMaker.start({
    endpoints: [scriptedEndpoint()],
    port: 0,
    tls: false,
    observe: event => events.push(event),
  });
  const stream = await SignedStream.open(local, {
    headers: { 'x-amzn-sagemaker-model-query-string': 'act=crash' },
  });
  await stream.part('x');
  await stream.ended;
  await inService(events, 2);
  expect(events.find(event => event.type === 'container-crashed')).toMatchObject({
    endpoint: 'echo',
    exit: { code: 9, signal: null },
    lastLines: ['container is ready', 'out of memory'],
    openSessions: 1,
  });
  const next = await SignedStream.open(local);
  expect((await next.response)[':status']).toBe(200);
  next.session.destroy();
});

describe('on the wire', () => {
  test.each([
    ['reset@streaming', ['HEADERS', 'RST_STREAM'], undefined],
    ['reset@opening', ['RST_STREAM'], undefined],
    ['connection-reset@streaming', ['HEADERS'], 'RST'],
    ['connection-reset@opening', [], 'RST'],
  ])('%s: no end of the response comes before it', async (fault, frames, end) => {
    await using local = await startLocal({ faults: [parseInjectedFault(fault)] });
    using tap = await FrameTap.before(Number(new URL(local.url).port));
    const stream = await SignedStream.open(local, {
      connectTo: tap.port,
      headers: { 'x-amzn-sagemaker-model-query-string': 'act=deaf' },
    });
    if (fault.endsWith('streaming')) await stream.response;
    await stream.part('x').catch(() => {});
    await stream.ended;
    expect({ frames: tap.frames, end: tap.end }).toEqual({ frames, end });
    stream.session.destroy();
  });
});

async function inService(events: readonly LocalEvent[], times: number): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (events.filter(event => event.type === 'container-in-service').length < times) {
    if (Date.now() > deadline) throw new Error('The container did not come back.');
    await new Promise(resolve => setTimeout(resolve, 20));
  }
}
