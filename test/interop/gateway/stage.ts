import { join } from 'node:path';
import { SageMakerRuntimeHTTP2Client } from '../../../lib/client';
import { BidiGateway, type BidiGatewayOptions } from '../../../lib/gateway';
import { type EndpointDefinition, LocalSageMaker } from '../../../lib/local';
import { REPOSITORY } from '../tool-directory';
import { loopbackCertificate } from './tls';

/** Token of the clients, as long as Deepgram's own. */
export const TOKEN = '0123456789abcdef0123456789abcdef01234567';

/** Origin of the web page that may stream. */
export const PAGE = 'http://app.localhost';

/** Name under which the simulator serves its model in vLLM's dialect. */
const VLLM_MODEL = 'voxtral';

/** Gateways before the local SageMaker: the simulator at `/`, vLLM in OpenAI's dialect at `/openai`, the echo container at `/echo`. */
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
    const { file, ...tls } = await loopbackCertificate(directory);
    const options: BidiGatewayOptions = {
      client,
      port: 0,
      routes: [
        { endpointName: 'speech' },
        { endpointName: 'speech', path: '/openai', dialect: 'openai', model: VLLM_MODEL },
        { endpointName: 'echo', path: '/echo', rewritePath: '/' },
      ],
    };
    const [open, guarded, secure] = await Promise.all([
      BidiGateway.start(options),
      BidiGateway.start({ ...options, tokens: [TOKEN], allowedOrigins: [PAGE] }),
      BidiGateway.start({ ...options, tokens: [TOKEN], tls }),
    ]);
    return new Stage(local, client, open, guarded, secure, file);
  }

  private constructor(
    private readonly local: LocalSageMaker,
    private readonly client: SageMakerRuntimeHTTP2Client,
    /** A gateway that asks for no token. */
    readonly open: BidiGateway,
    /** A gateway that asks for {@link TOKEN}. */
    readonly guarded: BidiGateway,
    /** A gateway that asks for it and speaks TLS. */
    readonly secure: BidiGateway,
    /** PEM file of its certificate, which is its own authority. */
    readonly certificateFile: string,
  ) {}

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.open, this.guarded, this.secure].map(gateway => gateway.close()));
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
