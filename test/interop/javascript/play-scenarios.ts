/**
 * Plays the scenarios through `BidiSession` and prints what it saw, one line of JSON for each.
 *
 *   node --require esbuild-register play-scenarios.ts kit|generated
 *
 * `kit` sends with the kit's own client, `generated` with one as the SDK's generator makes it. Environment: INTEROP_SCENARIOS (file),
 * INTEROP_URL, INTEROP_FAILING_URL, INTEROP_FILES (directory), NODE_EXTRA_CA_CERTS, AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type BidiClient, BidiSession, SageMakerRuntimeHTTP2Client, SessionError } from '../../../lib/client';
import { GeneratedClient } from '../../client/support/generated-client';
import type { Observation, Outcome, Scenario, ScenarioPart } from '../scenario';

type Received = Observation['received'][number];

async function main(kind: string): Promise<void> {
  const { AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, INTEROP_URL, INTEROP_FAILING_URL } = process.env;
  const Client = kind === 'generated' ? GeneratedClient : SageMakerRuntimeHTTP2Client;
  const client = (endpoint: string, secretAccessKey: string) =>
    new Client({
      endpoint,
      region: AWS_REGION!,
      credentials: { accessKeyId: AWS_ACCESS_KEY_ID!, secretAccessKey },
    } as never) as BidiClient & { destroy(): void };
  const right = client(INTEROP_URL!, AWS_SECRET_ACCESS_KEY!);
  const wrong = client(INTEROP_URL!, 'not-the-secret');
  const failing = client(INTEROP_FAILING_URL!, AWS_SECRET_ACCESS_KEY!);
  for (const scenario of JSON.parse(readFileSync(process.env.INTEROP_SCENARIOS!, 'utf8')) as Scenario[]) {
    const { wrongSecret, failingService } = scenario.request;
    const seen: { variant?: string; received: Received[] } = { received: [] };
    const outcome = await play(wrongSecret ? wrong : failingService ? failing : right, scenario, seen).then(
      () => ({ kind: 'ended' as const }),
      error => failed(error, seen.variant !== undefined),
    );
    console.log(JSON.stringify({ scenario: scenario.name, ...seen, outcome } satisfies Observation));
  }
  for (const each of [right, wrong, failing]) each.destroy();
}

async function play(client: BidiClient, scenario: Scenario, seen: { variant?: string; received: Received[] }) {
  const { request, end } = scenario;
  const session = await BidiSession.open({
    client,
    endpointName: request.endpoint,
    targetVariant: request.variant,
    modelInvocationPath: request.path,
    modelQueryString: request.query,
    retry: false,
    abortSignal: AbortSignal.timeout(60_000),
  });
  seen.variant = session.invokedProductionVariant;
  const endAfter = 'afterEvents' in end ? end.afterEvents : undefined;
  const sending = send(session, scenario);
  sending.catch(() => {}); // the stream ended under the sender; the receiver tells why
  if (endAfter === 0) await session.closeInput();
  for await (const { data, dataType, completionState } of session.fragments()) {
    const bytes = Buffer.from(data);
    seen.received.push({
      dataType,
      completionState,
      length: bytes.length,
      sha256: createHash('sha256').update(bytes).digest('hex'),
      ...(dataType === 'UTF8' ? { text: bytes.toString() } : {}),
    });
    if (seen.received.length === endAfter) {
      await sending;
      await session.closeInput();
    }
  }
  if (end.by === 'client') await session.close();
  else session.abort();
}

async function send(session: BidiSession, { send: parts = [], end }: Scenario): Promise<void> {
  for (const part of parts) {
    await delay(part.pauseMs ?? 0);
    for (let times = part.times ?? 1; times > 0; times -= 1) {
      for (const payload of payloads(part)) {
        const data = part.dataType === 'UTF8' ? payload.toString() : payload;
        await session.sendFragment(data, { final: part.completionState !== 'PARTIAL' });
        if (part.everyMs) await delay(part.everyMs);
      }
    }
  }
  if ('afterSending' in end) await session.closeInput();
}

function* payloads(part: ScenarioPart): Generator<Buffer> {
  if (part.text !== undefined) yield Buffer.from(part.text);
  else if (part.pattern !== undefined)
    yield Buffer.from(Array.from({ length: part.pattern }, (_, index) => index % 251));
  else if (part.file !== undefined) {
    const bytes = readFileSync(join(process.env.INTEROP_FILES!, part.file)).subarray(part.fromByte ?? 0);
    const size = part.chunkBytes ?? bytes.length;
    for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size);
  }
}

/** A session's error as the scenarios tell errors: the name is that of the SDK's error below, or the session's own without one. */
function failed(error: unknown, isOpen: boolean): Outcome {
  if (!(error instanceof SessionError)) return { kind: 'error', name: (error as Error).name, message: String(error) };
  return {
    kind: 'error',
    name: (error.cause as Error | undefined)?.name ?? error.name,
    message: error.Message ?? error.message,
    errorCode: error.ErrorCode,
    status: isOpen ? undefined : error.httpStatusCode,
    originalStatusCode: error.OriginalStatusCode,
  };
}

main(process.argv[2] ?? 'kit').catch(error => {
  console.error(error);
  process.exitCode = 1;
});
