import { join } from 'node:path';
import { SageMakerRuntimeHTTP2Client } from '../../../lib/client';
import { BidiGateway, type GatewayEvent } from '../../../lib/gateway';
import { type EndpointDefinition, LocalSageMaker } from '../../../lib/local';
import { REPOSITORY } from '../tool-directory';

/** Token of the clients, as long as Deepgram's own. */
export const TOKEN = '0123456789abcdef0123456789abcdef01234567';

/** Name under which the simulator serves its model in vLLM's dialect. */
const VLLM_MODEL = 'voxtral';

/** A gateway in front of the local SageMaker: the simulator at `/`, the echo container at `/echo`, vLLM's dialect in OpenAI's at `/openai`. */
export class Stage implements AsyncDisposable {
  static async start(directory: string): Promise<Stage> {
    const local = await LocalSageMaker.start({
      endpoints: [container('echo', 'echo'), container('speech', 'speech-simulator')],
      port: 0,
      certificateDirectory: directory,
    });
    const client = new SageMakerRuntimeHTTP2Client({
      endpoint: local.url,
      region: local.region,
      credentials: local.credentials,
      requestHandler: { nodeHttp2ConnectOptions: { ca: local.certificateAuthority } },
    });
    const events: GatewayEvent[] = [];
    const options = {
      client,
      port: 0,
      routes: [{ endpointName: 'speech' }, { endpointName: 'echo', path: '/echo', rewritePath: '/' }],
      observe: (event: GatewayEvent) => events.push(event),
    };
    const [open, guarded] = await Promise.all([
      BidiGateway.start(options),
      BidiGateway.start({ ...options, tokens: [TOKEN], allowedOrigins: ['http://app.localhost'] }),
    ]);
    return new Stage(local, client, open, guarded, events);
  }

  private constructor(
    readonly local: LocalSageMaker,
    private readonly client: SageMakerRuntimeHTTP2Client,
    /** A gateway that asks for no token. */
    readonly open: BidiGateway,
    /** A gateway that asks for {@link TOKEN}. */
    readonly guarded: BidiGateway,
    readonly events: readonly GatewayEvent[],
  ) {}

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.open.close(), this.guarded.close()]);
    this.client.destroy();
    await this.local.close();
  }
}

function container(name: string, directory: string): EndpointDefinition {
  const command = ['node', '--require', 'esbuild-register', 'src/server.ts'];
  const environment = { SM_VLLM_SERVED_MODEL_NAME: VLLM_MODEL };
  const model = { name, environment, directory: join(REPOSITORY, 'container', directory), command };
  return { name, variants: [{ name: 'AllTraffic', model }] };
}
