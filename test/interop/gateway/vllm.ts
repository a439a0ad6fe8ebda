import { deepStrictEqual, match, ok, strictEqual } from 'node:assert/strict';
import { join } from 'node:path';
import { BidiGateway } from '../../../lib/gateway';
import type { Scorecard } from '../scorecard';
import { nodePackages } from '../tools/node';
import { MAX_MODEL_LENGTH, MODEL, type VllmServer } from '../vllm/server';
import { pcm } from '../vllm/speech';
import { transcribeWithOpenAi } from './openai';
import { TOKEN } from './stage';
import { loopbackCertificate } from './tls';

/** More audio than the model's context holds, which is 38 s. */
const SECONDS = 44;

/** OpenAI's package through the gateway in front of the real vLLM. */
export async function checkOpenAiBeforeVllm(
  { client, endpointName }: VllmServer,
  directory: string,
  scorecard: Scorecard,
): Promise<void> {
  const modules = await scorecard.check("OpenAI's package is installed", () =>
    nodePackages('gateway', join(__dirname, 'node')),
  );
  if (!modules) return;
  await scorecard.check(
    "OpenAI's package transcribes a turn that is longer than vLLM's context, as one item",
    async () => {
      const { file, ...tls } = await loopbackCertificate(directory);
      await using gateway = await BidiGateway.start({
        client,
        routes: [{ endpointName, dialect: 'openai', model: MODEL, maxModelLen: MAX_MODEL_LENGTH }],
        tokens: [TOKEN],
        port: 0,
        tls,
      });
      const target = { url: `${gateway.url}/v1`, certificateFile: file, modules };
      const samples = Buffer.concat([...pcm(SECONDS, 3_200)]);
      const { deltas, item, committed, errors, detection } = await transcribeWithOpenAi(target, samples, directory);
      deepStrictEqual(errors, []);
      ok(deltas > 1, `${deltas} deltas`);
      strictEqual(item, committed);
      match(detection, /detects no turns/);
    },
  );
}
