import type { Probe } from '../probe';

/** Time in which the container ends a stream that it was told to close, in milliseconds. */
const PATIENCE_MS = 10_000;

/** What only Deepgram's container can answer, or the simulator that stands in for it. */
export const DEEPGRAM_PROBES: readonly Probe[] = [
  {
    name: 'control-message-type',
    area: 'frames',
    behaviour: 'control-message-type',
    container: 'deepgram',
    rule: 'A control message that comes as BINARY is audio.',
    source: "Deepgram's API reference",
    expected: 'audio',
    play: async endpoint => {
      const session = await endpoint.openSession({
        modelInvocationPath: 'v1/listen',
        modelQueryString: 'model=nova-3&encoding=linear16&sample_rate=16000',
      });
      const ended = (async () => {
        for await (const _ of session);
        return 'sniffed';
      })().catch(() => 'sniffed');
      await session.send(Buffer.alloc(3_200));
      await session.send(Buffer.from('{"type":"CloseStream"}'));
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<string>(resolve => {
        timer = setTimeout(() => resolve('audio'), endpoint.realMs(PATIENCE_MS));
      });
      const seen = await Promise.race([ended, late]);
      clearTimeout(timer);
      session.abort();
      await ended;
      return seen;
    },
  },
];
