import { StreamErrorCode } from '../../contract';
import type { EndpointUnderTest } from '../endpoint-under-test';
import { ORDERLY } from '../outcome';
import type { Probe } from '../probe';

const GUIDE = 'developer guide, "Container contract to support bidirectional streaming capabilities"';
const MEASURED = 'measured by operators';

/** How a stream ends, by either side. */
export const CLOSING_PROBES: readonly Probe[] = [
  {
    name: 'close-1000',
    area: 'closing',
    behaviour: 'close-1000-before-input-end',
    rule: 'A close with 1000 while the input is open ends the stream in order.',
    source: MEASURED,
    expected: 'orderly-end',
    play: async endpoint => {
      const end = await closedWith(endpoint, { code: 1000, reason: 'done' });
      return end === ORDERLY ? 'orderly-end' : end === 'ModelStreamError 1000' ? 'model-stream-error' : end;
    },
  },
  ...[1001, 1003, 1008, 1009, 1011, 1013, 3000, 4999].map(
    (code): Probe => ({
      name: `close-${code}`,
      area: 'closing',
      rule: `A close of the container with ${code} is a ModelStreamError with that code.`,
      source: GUIDE,
      expected: `ModelStreamError ${code}`,
      play: endpoint => closedWith(endpoint, { code, reason: 'as told' }),
    }),
  ),
  {
    name: 'close-reason',
    area: 'closing',
    rule: 'The reason of a close frame is in the message of the error.',
    source: GUIDE,
    expected: 'told',
    play: async endpoint => {
      await using probe = await endpoint.open();
      await probe.tell({ probe: 'close', code: 1011, reason: 'reason of the probe' });
      const error = await probe.next().then(
        () => undefined,
        (thrown: { Message?: string }) => thrown,
      );
      return error?.Message?.includes('reason of the probe') ? 'told' : 'not told';
    },
  },
  {
    name: 'container-cut',
    area: 'closing',
    rule: 'A container whose connection breaks without a close frame is a ModelStreamError StreamBroken.',
    source: 'API reference, ResponseStream',
    expected: `ModelStreamError ${StreamErrorCode.STREAM_BROKEN}`,
    play: async endpoint => {
      await using probe = await endpoint.open();
      await probe.tell({ probe: 'cut' });
      return await probe.end();
    },
  },
  {
    name: 'structured-error',
    area: 'closing',
    rule: 'A text frame {"ModelStreamError":{"ErrorCode","Message"}} is the error with this code.',
    source: MEASURED,
    expected: 'ModelStreamError PROBE_TOLD',
    play: async endpoint => {
      await using probe = await endpoint.open();
      const error = { ModelStreamError: { ErrorCode: 'PROBE_TOLD', Message: 'as told' } };
      await probe.askFor({ text: JSON.stringify(error) });
      return await probe.end();
    },
  },
  {
    name: 'half-close',
    area: 'closing',
    rule: 'The end of the input closes the WebSocket of the container with a close frame, and the stream ends in order.',
    source: GUIDE,
    expected: `a close frame, ${ORDERLY}`,
    play: async endpoint => {
      await using probe = await endpoint.open();
      await probe.report();
      await probe.session.closeInput();
      const end = await probe.end();
      await using other = await endpoint.open();
      const { session } = await other.report(probe.name);
      const isAbnormal = session.closed === undefined || session.closed.code === 1006;
      return `${isAbnormal ? 'no close frame' : 'a close frame'}, ${end}`;
    },
  },
  {
    name: 'output-after-input-end',
    area: 'closing',
    behaviour: 'output-after-input-end',
    rule: 'What the container sends after the end of the input arrives.',
    source: MEASURED,
    expected: 'delivered',
    play: async endpoint => {
      await using probe = await endpoint.open();
      await probe.tell({ probe: 'linger', ms: endpoint.realMs(2_000), text: 'last words' });
      await probe.session.closeInput();
      try {
        for (;;) {
          const part = await probe.next();
          if (!part) return 'lost';
          if (part.bytes.toString() === 'last words') return 'delivered';
        }
      } catch {
        return 'lost';
      }
    },
  },
  {
    name: 'client-gone',
    area: 'closing',
    rule: 'A client that cuts its stream ends the WebSocket of the container.',
    source: GUIDE,
    expected: 'ended',
    play: async endpoint => {
      await using probe = await endpoint.open();
      await probe.report();
      probe.session.abort();
      await using other = await endpoint.open();
      for (let attempt = 0; attempt < 50; attempt += 1) {
        if ((await other.report(probe.name)).session.closed) return 'ended';
        await new Promise(resolve => setTimeout(resolve, 100));
      }
      return 'still open after 5 s';
    },
  },
];

async function closedWith(
  endpoint: EndpointUnderTest,
  close: { readonly code: number; readonly reason: string },
): Promise<string> {
  await using probe = await endpoint.open();
  await probe.tell({ probe: 'close', ...close });
  return await probe.end();
}
