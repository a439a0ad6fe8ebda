import { EventEmitter, once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SageMakerRuntimeHTTP2ClientConfig } from '../../lib/client';
import { type ContainerEngine, LocalSageMaker, type ModelDefinition } from '../../lib/local';
import { removeLocalState, writeLocalState } from '../../lib/local/local-state';
import { type Backend, ENDPOINT_NAME, STACK, VARIANT_NAME } from '../acceptance/stage';
import { addressOf, cdkOf, type EmulatedAccount } from './emulated-account';
import { localTag } from './image-builder';
import { ImageEngine } from './image-engine';
import { readPushedImage } from './pushed-image';
import { REGION } from './rehearsal-account';

/** The emulated account for the control plane, and for the streams a local SageMaker that runs the image that is deployed. */
export class EmulatedBackend implements Backend {
  readonly kind = 'emulated';
  readonly region = REGION;
  readonly instanceTypes = ['ml.c7i.xlarge'];
  readonly pace = {
    pollMs: 300,
    messageMs: 50,
    holdToAgeMs: 0,
    load: ['--steps', '2,4', '--hold', '2', '--settle', '0.5', '--max-lag', '5000'],
  };
  readonly cannot = {
    scale: 'the emulator keeps the record of a scalable target and adds no instance',
    evaluateAlarms: 'the emulator evaluates none; the script sets the state of one',
    judgeCreation: 'the emulator knows no more than the API model',
  };
  readonly source: string;
  readonly deployed: EmulatedAccount['deployed'];
  readonly cdk: Backend['cdk'];
  private local: LocalSageMaker | undefined;
  private readonly engines: ImageEngine[] = [];
  private readonly events = new EventEmitter();
  /** A file in it tells the local SageMaker to replace its container, as a changed source does. */
  private readonly deployment: string;
  private readonly cache: string;

  constructor(private readonly account: EmulatedAccount) {
    this.source = account.source;
    this.deployed = account.deployed;
    this.cache = join(account.directory, 'cache');
    this.deployment = join(account.directory, 'served', 'deployment');
    mkdirSync(this.deployment, { recursive: true });
    this.cdk = cdkOf(account, () => ({ XDG_CACHE_HOME: this.cache, ...this.local?.environment() }));
  }

  fidelityTarget(): readonly string[] {
    return ['--local', this.local!.url, '--endpoint', ENDPOINT_NAME];
  }

  streams = (): SageMakerRuntimeHTTP2ClientConfig => {
    const { url, region, credentials, certificateAuthority } = this.local!;
    const requestHandler = { nodeHttp2ConnectOptions: { ca: certificateAuthority } };
    return { endpoint: url, region, credentials, requestHandler };
  };

  async serveDeployed(abortSignal: AbortSignal): Promise<void> {
    const { builder, registry, directory } = this.account;
    const { model } = await this.deployed.endpoint(ENDPOINT_NAME);
    const { Image: image, Environment: environment = {} } = model.PrimaryContainer!;
    const pushed = await readPushedImage(registry, image!);
    this.engines.push(new ImageEngine(builder, localTag(builder, image!), pushed, directory));
    if (this.local) await this.replaceContainer(image!, abortSignal);
    else await this.start({ name: model.ModelName!, environment, directory: this.deployment });
  }

  async containerLog(): Promise<readonly string[]> {
    return this.engines.flatMap(({ logs }) => logs).flatMap(file => readFileSync(file, 'utf8').split('\n'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.local) return;
    removeLocalState(this.local.url, { XDG_CACHE_HOME: this.cache });
    await this.local.close();
  }

  /** Hosts what is deployed, under the credentials of the account. */
  private async start(model: ModelDefinition): Promise<void> {
    const engine: ContainerEngine = { name: 'buildah', start: request => this.engines.at(-1)!.start(request) };
    const { credentials } = addressOf(this.account.emulator);
    this.local = await LocalSageMaker.start({
      endpoints: [{ name: ENDPOINT_NAME, variants: [{ name: VARIANT_NAME, model }] }],
      engine,
      credentials,
      port: 0,
      watch: true,
      observe: event => this.events.emit(event.type, event),
    });
    const { url, region, certificateAuthorityFile } = this.local;
    writeLocalState(
      {
        url,
        region,
        certificateAuthorityFile,
        credentials: this.local.credentials,
        endpoints: [{ name: ENDPOINT_NAME, stack: STACK }],
        processId: process.pid,
        startedAt: new Date().toISOString(),
      },
      { XDG_CACHE_HOME: this.cache },
    );
  }

  /** Open sessions go on in the old container, as they do on the old instances of an update. */
  private async replaceContainer(image: string, abortSignal: AbortSignal): Promise<void> {
    const replaced = once(this.events, 'container-replaced', { signal: abortSignal });
    writeFileSync(join(this.deployment, 'image'), image);
    await replaced;
  }
}
