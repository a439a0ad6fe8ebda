import { type EndpointDefinition, servedModel, unknownHere } from '../assembly/endpoint-definition';
import { localValue } from '../assembly/value';
import { type Behaviours, completeBehaviours, RUNTIME_PORT, type ServedModel } from '../contract';
import { Clock } from './clock';
import { AutomaticEngine } from './engine/automatic-engine';
import type { ContainerEngine } from './engine/container-engine';
import { HostedEndpoint, HostedVariant } from './hosting/hosted-endpoint';
import { HostedInstance } from './hosting/hosted-instance';
import { watchSources } from './hosting/source-watcher';
import type { Guide } from './inspector/controls';
import type { Inspector } from './inspector/inspector';
import type { OpenTrial } from './inspector/trial';
import { InvalidLocalOptionsError, PortInUseError } from './local-errors';
import type { LocalObserver } from './local-event';
import type { OperationContext } from './operations/operation-context';
import { RequestHandler } from './operations/request-handler';
import { RunningControls } from './running-controls';
import { type Certificate, defaultCertificateDirectory, loadCertificate } from './service/certificate';
import { TRUST_STORE_PASSWORD } from './service/java-trust-store';
import { createLocalCredentials, type LocalCredentials } from './service/local-credentials';
import { LoopbackServer } from './service/loopback-server';
import { portHolder } from './service/port-holder';
import { SignatureVerifier } from './service/signature-verification';
import { INJECTED_FAULT_KINDS, type InjectedFault, InjectedFaultPlan } from './stream/injected-fault';

/** Region where none is named. */
export const LOCAL_REGION = 'us-east-1';

/** Options of a local SageMaker. */
export interface LocalSageMakerOptions {
  /** The endpoints to host, as `readCloudAssembly` reads them from a template. */
  readonly endpoints: readonly EndpointDefinition[];
  /**
   * TCP port; 0 for any that is free.
   *
   * @default - 8443, the platform's, if it is free, else any
   */
  readonly port?: number;
  /**
   * HTTP/2 over TLS. Without it, HTTP/2 in cleartext with prior knowledge.
   *
   * @default true
   */
  readonly tls?: boolean;
  /**
   * Directory in which the certificate is kept.
   *
   * @default - in the user's cache directory, so that it is made and trusted once
   */
  readonly certificateDirectory?: string;
  /**
   * Region that requests have to be signed for.
   *
   * @default 'us-east-1'
   */
  readonly region?: string;
  /**
   * The key pairs whose signatures are accepted.
   *
   * @default - a random pair of this start
   */
  readonly credentials?: LocalCredentials | readonly LocalCredentials[];
  /**
   * Whether signatures are verified.
   *
   * @default true
   */
  readonly verify?: boolean;
  /**
   * The platform's long waits, scaled.
   *
   * @default Clock.REAL
   */
  readonly clock?: Clock;
  /**
   * Faults to inject into sessions.
   *
   * @default - none
   */
  readonly faults?: readonly InjectedFault[];
  /**
   * How the platform behaves where public sources disagree or say nothing; docs/local.md has the list.
   *
   * @default - the default of each
   */
  readonly behaviours?: Behaviours;
  /**
   * The engine that runs the containers.
   *
   * @default - a process where the template names a command, else the container engine that answers
   */
  readonly engine?: ContainerEngine;
  /**
   * Called with every event of the containers, the sessions and the requests.
   *
   * @default - events are dropped
   */
  readonly observe?: LocalObserver;
  /**
   * Serve a page that shows every stream, on a loopback port of its own; {@link LocalSageMaker.inspectorUrl} is its URL. With a function that
   * opens streams the page can try the endpoints, too; `bidi local` gives it one.
   *
   * @default false
   */
  readonly inspector?: boolean | OpenTrial;
  /**
   * Resolve when every endpoint is in service; otherwise as soon as the port answers, with 503 until then.
   *
   * @default true
   */
  readonly waitUntilInService?: boolean;
  /**
   * Replace containers when the files of their directory change; open sessions finish on the old one.
   *
   * @default false
   */
  readonly watch?: boolean;
  /**
   * Gives up the start, and stops what has been started; `start` then rejects with its reason.
   *
   * @default - none
   */
  readonly abortSignal?: AbortSignal;
}

/**
 * SageMaker on this machine: hosts the endpoints of a template and streams to them over the same wire as the real service, so that
 * any AWS SDK with the bidirectional-streaming operation can be its client.
 */
export class LocalSageMaker {
  /**
   * Starts the containers and the server. Resolves when every endpoint is in service; when one cannot be, everything is stopped and
   * the reasons are thrown together.
   *
   * @throws ContainerStartError, HealthCheckError, PortInUseError, InvalidLocalOptionsError
   */
  static async start(options: LocalSageMakerOptions): Promise<LocalSageMaker> {
    checkEndpoints(options.endpoints);
    const certificate =
      options.tls === false
        ? undefined
        : await loadCertificate(
            options.certificateDirectory ?? defaultCertificateDirectory(),
            options.region ?? LOCAL_REGION,
          );
    if (certificate?.warning) options.observe?.({ type: 'warning', message: certificate.warning });
    const local = new LocalSageMaker(options, certificate);
    const { abortSignal } = options;
    // Stopping the containers ends the wait for them, whose rejection is then expected.
    const onAbort = (): void => void local.close(0);
    abortSignal?.addEventListener('abort', onAbort, { once: true });
    try {
      abortSignal?.throwIfAborted();
      await local.listen(options.port);
      await local.inspector?.listen();
      const inService = local.startInstances();
      if (options.waitUntilInService === false) inService.catch(() => {});
      else await inService;
      abortSignal?.throwIfAborted();
      if (options.watch) await local.watchSources();
      return local;
    } catch (error) {
      await local.close(0);
      throw abortSignal?.aborted ? abortSignal.reason : error;
    } finally {
      abortSignal?.removeEventListener('abort', onAbort);
    }
  }

  /** URL of the server, such as `https://localhost:8443`. */
  url = '';
  /** Region that requests have to be signed for. */
  readonly region: string;
  /** The pair to sign with. */
  readonly credentials: LocalCredentials;
  /** Path of the PEM file to trust, or undefined without TLS. */
  readonly certificateAuthorityFile: string | undefined;
  /** The PEM text to trust, or undefined without TLS. */
  readonly certificateAuthority: string | undefined;

  private readonly endpoints = new Map<string, HostedEndpoint>();
  private readonly server: LoopbackServer;
  private readonly context: OperationContext;
  private readonly handler: RequestHandler;
  private readonly engine: ContainerEngine;
  private readonly observe: LocalObserver;
  private readonly inspector: Inspector | undefined;
  private readonly stopWatching: (() => void)[] = [];
  private closing: Promise<void> | undefined;

  private constructor(
    private readonly options: LocalSageMakerOptions,
    private readonly certificate: Certificate | undefined,
  ) {
    const clock = options.clock ?? Clock.REAL;
    const pairs = [options.credentials ?? createLocalCredentials()].flat();
    this.region = options.region ?? LOCAL_REGION;
    this.credentials = pairs[0]!;
    this.certificateAuthorityFile = certificate?.authorityFile;
    this.certificateAuthority = certificate?.authority;
    this.engine = options.engine ?? new AutomaticEngine();
    this.inspector = options.inspector ? this.createInspector(options.inspector) : undefined;
    this.observe = observers(options.observe, this.inspector?.recording.observe);
    for (const definition of options.endpoints) {
      this.endpoints.set(definition.name, this.host(definition));
    }
    this.context = {
      endpoints: this.endpoints,
      region: this.region,
      verifier: options.verify === false ? undefined : new SignatureVerifier(this.region, pairs),
      clock,
      behaviours: completeBehaviours(options.behaviours),
      faults: new InjectedFaultPlan(options.faults ?? []),
      observe: this.observe,
      observeStream: this.inspector?.recording.observeStream,
    };
    this.handler = new RequestHandler(this.context);
    this.server = new LoopbackServer(certificate, request => void this.handler.handle(request));
  }

  /** Streams that are open now. */
  get openSessions(): number {
    return this.handler.openSessions;
  }

  /** URL of the page that shows every stream, with the token of this start; undefined without the option `inspector`. */
  get inspectorUrl(): string | undefined {
    return this.inspector?.url;
  }

  /**
   * The variables that point an AWS SDK of any language here. `NODE_EXTRA_CA_CERTS` is only read when Node.js starts. Where the pair has
   * no session token, a variable `AWS_SESSION_TOKEN` that is set already has to be unset.
   */
  environment(): Record<string, string> {
    const { accessKeyId, secretAccessKey, sessionToken } = this.credentials;
    return {
      AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME_HTTP2: this.url,
      AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME: this.url,
      AWS_REGION: this.region,
      AWS_DEFAULT_REGION: this.region,
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      ...(sessionToken ? { AWS_SESSION_TOKEN: sessionToken } : {}),
      ...(this.certificate
        ? {
            NODE_EXTRA_CA_CERTS: this.certificate.authorityFile,
            AWS_CA_BUNDLE: this.certificate.bundleFile,
            SSL_CERT_FILE: this.certificate.bundleFile,
            JAVA_TOOL_OPTIONS: `-Djavax.net.ssl.trustStore=${this.certificate.javaTrustStoreFile} -Djavax.net.ssl.trustStorePassword=${TRUST_STORE_PASSWORD}`,
          }
        : {}),
    };
  }

  /**
   * Stops answering, cuts open streams, and stops the containers: SIGTERM, then SIGKILL after the grace. A second call with a shorter
   * grace shortens it.
   *
   * @param graceMs milliseconds between the two signals. Default: 2 s; the platform's 30 s are long for a Ctrl-C.
   */
  async close(graceMs = 2_000): Promise<void> {
    for (const stop of this.stopWatching.splice(0)) stop();
    this.closing ??= Promise.all([this.server.close(), this.inspector?.close()]).then(() => {});
    await this.closing;
    await Promise.all(this.instances().map(instance => instance.stop(graceMs)));
  }

  /** {@link close}, for `await using`, with its default grace. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  private createInspector(openTrial: true | OpenTrial): Inspector {
    // Loaded late: a program without the page needs no server of WebSockets.
    const { Inspector } = require('./inspector/inspector') as typeof import('./inspector/inspector');
    return new Inspector({
      guide: () => this.guide(),
      controls: new RunningControls(
        () => this.context,
        (...words) => this.handler.inject(...words),
      ),
      openTrial: openTrial === true ? undefined : openTrial,
      trialTarget: endpointName => ({
        url: this.url,
        region: this.region,
        credentials: this.credentials,
        certificateAuthority: this.certificateAuthority,
        serves: servedModelOf(this.endpoints.get(endpointName)),
      }),
    });
  }

  private guide(): Guide {
    return {
      url: this.url,
      environment: this.environment(),
      unset: this.credentials.sessionToken === undefined ? ['AWS_SESSION_TOKEN'] : [],
      endpoints: [...this.endpoints.values()].map(({ definition }) => {
        const serves = servedModel(definition);
        return {
          name: definition.name,
          ...(definition.stack !== undefined && { stack: definition.stack }),
          ...(serves && { serves }),
        };
      }),
      faults: INJECTED_FAULT_KINDS,
      canTry: typeof this.options.inspector === 'function',
    };
  }

  private async listen(port: number | undefined): Promise<void> {
    const scheme = this.certificate ? 'https' : 'http';
    const wanted = port ?? RUNTIME_PORT;
    let used: number;
    try {
      used = await this.server.listen(wanted);
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      if (code !== 'EADDRINUSE' && code !== 'EACCES') throw cause;
      const holder = (code === 'EADDRINUSE' && portHolder(wanted)) || undefined;
      if (port !== undefined) throw portError(port, code, holder, cause);
      used = await this.server.listen(0);
      const message = `Port ${wanted} is taken${holder ? ` by ${holder}` : ''}; port ${used} is used instead.`;
      this.observe({ type: 'warning', message });
    }
    this.url = `${scheme}://localhost:${used}`;
  }

  private async startInstances(): Promise<void> {
    const results = await Promise.allSettled(
      [...this.endpoints.values()].map(async endpoint => {
        const starts = await Promise.allSettled(
          endpoint.variants.flatMap(variant => variant.instances.map(instance => instance.start())),
        );
        const failed = starts.flatMap(start => (start.status === 'rejected' ? [start.reason as Error] : []));
        if (failed.length > 0) throw failed.length === 1 ? failed[0] : new AggregateError(failed, messageOf(failed));
        this.observe({ type: 'in-service', endpoint: endpoint.name });
      }),
    );
    const failed = results.flatMap(result => (result.status === 'rejected' ? [result.reason as Error] : []));
    if (failed.length === 1) throw failed[0];
    if (failed.length > 1) throw new AggregateError(failed, messageOf(failed));
  }

  /** Restarts the containers of a directory whose files have changed. */
  private async watchSources(): Promise<void> {
    const byDirectory = new Map<string, HostedInstance[]>();
    for (const { definition, instances } of [...this.endpoints.values()].flatMap(({ variants }) => variants)) {
      const { directory } = definition.model;
      if (directory) byDirectory.set(directory, [...(byDirectory.get(directory) ?? []), ...instances]);
    }
    for (const [directory, instances] of byDirectory) {
      const replace = (instance: HostedInstance): Promise<void> =>
        instance.start().catch((error: Error) => instance.reportFailure(error));
      this.stopWatching.push(await watchSources(directory, () => void Promise.all(instances.map(replace))));
    }
  }

  private host(definition: EndpointDefinition): HostedEndpoint {
    const variants = definition.variants.map(variant => {
      const instances = Array.from({ length: localValue(variant.instanceCount) ?? 1 }, (_, instance) => {
        const name = { endpoint: definition.name, variant: variant.name, instance };
        return new HostedInstance(name, variant, this.engine, this.observe);
      });
      return new HostedVariant(variant, instances);
    });
    return new HostedEndpoint(definition, variants);
  }

  private instances(): HostedInstance[] {
    return [...this.endpoints.values()].flatMap(endpoint => endpoint.variants.flatMap(variant => variant.instances));
  }
}

function observers(user: LocalObserver | undefined, inspector: LocalObserver | undefined): LocalObserver {
  if (!user || !inspector) return user ?? inspector ?? (() => {});
  return event => {
    inspector(event);
    user(event);
  };
}

function servedModelOf(endpoint: HostedEndpoint | undefined): ServedModel | undefined {
  return endpoint && servedModel(endpoint.definition);
}

function portError(port: number, code: string, holder: string | undefined, cause: unknown): PortInUseError {
  const isTaken = code === 'EADDRINUSE';
  return new PortInUseError(
    {
      what: isTaken ? `Port ${port} of the loopback interface is in use.` : `Port ${port} may not be used.`,
      why: isTaken
        ? `${holder ?? 'Another program'} listens on it${holder ? '' : ', perhaps another local SageMaker'}.`
        : 'Ports below 1024 are for the administrator of this machine.',
      next: `${isTaken ? 'End that program, or name' : 'Name'} another {port}; 0 takes any that is free.`,
      settings: ['port'],
    },
    { cause },
  );
}

function messageOf(errors: readonly Error[]): string {
  return errors.map(error => error.message).join('\n');
}

function checkEndpoints(endpoints: readonly EndpointDefinition[]): void {
  const names = endpoints.map(endpoint => endpoint.name);
  const twice = names.filter((name, index) => names.indexOf(name) !== index);
  const empty = endpoints.filter(endpoint => endpoint.variants.length === 0).map(endpoint => endpoint.name);
  if (endpoints.length === 0 || twice.length > 0 || empty.length > 0) {
    throw new InvalidLocalOptionsError({
      what: [
        endpoints.length === 0 ? 'There is no endpoint to host.' : '',
        ...twice.map(name => `The endpoint name ${name} is used twice.`),
        ...empty.map(name => `Endpoint ${name} has no variant.`),
      ]
        .filter(Boolean)
        .join(' '),
      why: 'The local SageMaker hosts at least one endpoint, each under its own name and with at least one variant.',
      next: 'Name a stack with an AWS::SageMaker::Endpoint.',
    });
  }
  const unknown = endpoints.flatMap(unknownHere);
  if (unknown.length > 0) {
    throw new InvalidLocalOptionsError({
      what: unknown.join(' '),
      why: 'The containers cannot start without what is known only after deployment.',
      next: 'Give each of these a literal value, or a parameter with a default.',
    });
  }
}
