import { GCProfiler } from 'node:v8';
import { eventStreamPayloadHandlerProvider } from '@aws-sdk/eventstream-handler-node';
import { NodeHttp2Handler } from '@smithy/node-http-handler';
import {
  BidiSession,
  InvokeEndpointWithBidirectionalStreamCommand,
  type RequestStreamEvent,
  SageMakerRuntimeHTTP2Client,
} from '../../lib/client';
import { ChildProgram } from '../child-program';
import { type Recorder, ratios } from '../measurement';
import type { EventSinkReady } from '../servers/event-sink';

const SESSION = 'BidiSession';
const COMMAND = 'command by hand';
const CHUNK = Buffer.alloc(3_200, 1);

/** What a session costs its process, beside the SDK's command used by hand, into a server that throws everything away. */
export async function measureClient(recorder: Recorder, quick: boolean): Promise<void> {
  await using sink = await ChildProgram.start<EventSinkReady>('servers/event-sink.ts');
  const configuration = {
    endpoint: sink.ready.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'example' },
  };
  const clients: Record<string, SageMakerRuntimeHTTP2Client> = {
    [SESSION]: new SageMakerRuntimeHTTP2Client(configuration),
    // With the SDK's own connection and signing, as the official client is set up.
    [COMMAND]: new SageMakerRuntimeHTTP2Client({
      ...configuration,
      eventStreamPayloadHandlerProvider,
      requestHandler: new NodeHttp2Handler({ disableConcurrentStreams: true }),
    }),
  };
  try {
    await measureSends(recorder, clients, quick);
    await measureOpens(recorder, clients[SESSION]!, 100);
  } finally {
    for (const client of Object.values(clients)) client.destroy();
  }
}

/** Chunks of one stream, as fast as they go. */
const WAYS: Record<string, (client: SageMakerRuntimeHTTP2Client, messages: number) => Promise<void>> = {
  [SESSION]: async (client, messages) => {
    const session = await BidiSession.open({ client, endpointName: 'bench' });
    for (let message = 0; message < messages; message += 1) await session.send(CHUNK);
    await session.closeInput();
    await session.close();
  },
  [COMMAND]: async (client, messages) => {
    async function* body(): AsyncGenerator<RequestStreamEvent> {
      for (let message = 0; message < messages; message += 1) {
        yield { PayloadPart: { Bytes: CHUNK, DataType: 'BINARY', CompletionState: 'COMPLETE' } };
      }
    }
    const command = new InvokeEndpointWithBidirectionalStreamCommand({ EndpointName: 'bench', Body: body() });
    const response = await client.send(command);
    for await (const _event of response.Body!) {
      // The end of the response is the end of the stream.
    }
  },
};

async function measureSends(
  recorder: Recorder,
  clients: Readonly<Record<string, SageMakerRuntimeHTTP2Client>>,
  quick: boolean,
): Promise<void> {
  const rounds = quick ? 1 : 7;
  const messages = quick ? 200 : 20_000;
  const perSecond: Record<string, number[]> = { [SESSION]: [], [COMMAND]: [] };
  const cpuMicros: Record<string, number[]> = { [SESSION]: [], [COMMAND]: [] };
  const allocatedKiB: Record<string, number[]> = { [SESSION]: [], [COMMAND]: [] };
  for (let round = -1; round < rounds; round += 1) {
    const turn = Object.entries(WAYS);
    for (const [way, run] of round % 2 === 0 ? turn : turn.reverse()) {
      const allocations = countAllocations();
      const cpu = process.cpuUsage();
      const startedAt = performance.now();
      await run(clients[way]!, messages);
      const tookMs = performance.now() - startedAt;
      const { user, system } = process.cpuUsage(cpu);
      const allocated = allocations();
      // The first round warms up.
      if (round < 0) continue;
      perSecond[way]!.push((messages / tookMs) * 1000);
      cpuMicros[way]!.push((user + system) / messages);
      allocatedKiB[way]!.push(allocated / messages / 1024);
    }
  }
  for (const way of Object.keys(WAYS)) {
    const rate = recorder.measure('client/messages', way, 'messages/s', 'higher', perSecond[way]!);
    recorder.measure('client/bytes', way, 'MB/s', 'higher', [(rate * CHUNK.length) / 1_000_000]);
    recorder.measure('client/cpu', way, 'µs/message', 'lower', cpuMicros[way]!);
    recorder.measure('client/allocated', way, 'KiB/message', 'lower', allocatedKiB[way]!);
  }
  const ratio = recorder.measure(
    'client/ratio',
    `${SESSION} to ${COMMAND}`,
    '×',
    'higher',
    ratios(perSecond[SESSION]!, perSecond[COMMAND]!),
  );
  recorder.goal(`messages sent a second, ${SESSION} to the ${COMMAND}`, '×', 'higher', ratio, 0.95);
}

/** The first stream opens a connection; the hundredth finds one. */
async function measureOpens(recorder: Recorder, client: SageMakerRuntimeHTTP2Client, count: number): Promise<void> {
  const sessions: BidiSession[] = [];
  const tookMs: number[] = [];
  for (let open = 0; open < count; open += 1) {
    const startedAt = performance.now();
    sessions.push(await BidiSession.open({ client, endpointName: 'bench' }));
    tookMs.push(performance.now() - startedAt);
  }
  recorder.measure('client/open-first', SESSION, 'ms', 'lower', [tookMs[0]!]);
  recorder.measure(`client/open-${count}th`, SESSION, 'ms', 'lower', [tookMs.at(-1)!]);
  for (const session of sessions) session.abort();
}

/** Bytes allocated on the JavaScript heap from now until the answer is asked for: growth between collections, added up. */
function countAllocations(): () => number {
  const profiler = new GCProfiler();
  const startBytes = process.memoryUsage().heapUsed;
  profiler.start();
  return () => {
    const { statistics } = profiler.stop();
    let allocated = 0;
    let level = startBytes;
    for (const { beforeGC, afterGC } of statistics) {
      allocated += beforeGC.heapStatistics.usedHeapSize - level;
      level = afterGC.heapStatistics.usedHeapSize;
    }
    return allocated + process.memoryUsage().heapUsed - level;
  };
}
