import { pipeline, type Readable, Transform } from 'node:stream';
import type {
  AwsCredentialIdentity,
  EventStreamPayloadHandler,
  EventStreamPayloadHandlerProvider,
  FinalizeHandler,
  FinalizeHandlerArguments,
  FinalizeHandlerOutput,
  HttpRequest,
  MessageSigner,
  MetadataBearer,
} from '@smithy/types';
import { EventHeader } from '../../contract';
import { identities } from './identities';
import { encodeSignedEvent } from './signed-event';

/** The resolved configuration that the SDK passes to a payload handler provider. */
interface SigningConfiguration {
  readonly messageSigner: () => Promise<MessageSigner>;
  readonly credentials: () => Promise<AwsCredentialIdentity>;
  /** Difference to the service's clock, in milliseconds, once the SDK has learnt it. */
  readonly systemClockOffset?: number;
}

/** Events that wait to be signed. */
const EVENTS_AHEAD = 4;

/** Events that are signed before the connection has room for them, in bytes. */
const SIGNED_AHEAD_BYTES = 64 * 1024;

/**
 * Signs the events of a request stream with the SDK's signer, as the connection has room for them.
 *
 * `@aws-sdk/eventstream-handler-node` does the same through two object streams that take 16 events into each of their four
 * buffers, whatever their size: with large events, that is a queue of gigabytes that no `send` would ever wait for.
 */
export const eventSigningHandlerProvider: EventStreamPayloadHandlerProvider = configuration =>
  new EventSigningHandler(configuration as unknown as SigningConfiguration);

class EventSigningHandler implements EventStreamPayloadHandler {
  private readonly configuration: SigningConfiguration;

  constructor(configuration: SigningConfiguration) {
    this.configuration = configuration;
  }

  async handle<Input extends object, Output extends MetadataBearer>(
    next: FinalizeHandler<Input, Output>,
    args: FinalizeHandlerArguments<Input>,
  ): Promise<FinalizeHandlerOutput<Output>> {
    const request = args.request as HttpRequest;
    const authorization = request.headers.authorization ?? '';
    const signature = /Signature=(\w+)$/.exec(authorization)?.[1] ?? '';
    const signer = await this.configuration.messageSigner();
    const accessKeyId = /Credential=([^/]+)\//.exec(authorization)?.[1];
    const credentials = (accessKeyId && identities.of(accessKeyId)) || (await this.configuration.credentials());
    const signing = this.signing(signature, signer, credentials);
    // An event that cannot be signed ends the reading of the input, which rejects the writer.
    pipeline(request.body as Readable, signing, () => undefined);
    request.body = signing;
    return next(args);
  }

  /**
   * Wraps each event in a signed message, the signatures chained from the request's own (Smithy, "Amazon Event Stream signing").
   */
  private signing(
    requestSignature: string,
    signer: MessageSigner,
    eventStreamCredentials: AwsCredentialIdentity,
  ): Transform {
    let priorSignature = requestSignature;
    const sign = async (body: Uint8Array): Promise<Uint8Array> => {
      const signingDate = new Date(Date.now() + (this.configuration.systemClockOffset ?? 0));
      const headers = { [EventHeader.DATE]: { type: 'timestamp' as const, value: signingDate } };
      const { signature } = await signer.sign(
        { message: { body, headers }, priorSignature },
        { signingDate, eventStreamCredentials },
      );
      priorSignature = signature;
      return encodeSignedEvent(signingDate, signature, body);
    };
    return new Transform({
      writableObjectMode: true,
      writableHighWaterMark: EVENTS_AHEAD,
      readableHighWaterMark: SIGNED_AHEAD_BYTES,
      transform(event: Uint8Array, _encoding, done) {
        sign(event).then(message => done(null, message), done);
      },
    });
  }
}
