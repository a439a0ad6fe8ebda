import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A service error, as the JSON protocols carry it. */
export class Fault {
  constructor(
    readonly name: string,
    readonly message = '',
    readonly status = 400,
  ) {}
}

/** Never answers. */
export const SILENCE = Symbol('silence');

type Reply = object | string | Fault | typeof SILENCE;
type Handler = (input: Record<string, unknown>, call: number) => Reply;

/**
 * A fake of AWS's control plane at the HTTP level, for the real SDK clients: `X-Amz-Target` of the JSON protocols and `Action` of
 * the query protocol choose the handler; an object answers as JSON, a text as XML. Everything that has no handler is denied.
 */
export class FakeAws {
  /** Operations in the order in which they came. */
  readonly calls: string[] = [];

  private constructor(
    private readonly server: Server,
    private readonly handlers: Record<string, Handler>,
  ) {
    server.on('request', (request, response) => void this.answer(request, response));
  }

  static async start(handlers: Record<string, Handler>): Promise<FakeAws> {
    const server = createServer();
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    return new FakeAws(server, handlers);
  }

  /** What a `ControlPlane` needs to ask this fake. */
  get options() {
    return {
      endpoint: this.url,
      region: 'us-east-1',
      credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' },
    };
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.closeAllConnections();
    await new Promise(resolve => this.server.close(resolve));
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    const target = request.headers['x-amz-target'] as string | undefined;
    const query = target === undefined ? new URLSearchParams(body) : undefined;
    const operation = target?.split('.').at(-1) ?? query?.get('Action') ?? request.url!;
    const call = this.calls.push(operation);
    const input = query ? Object.fromEntries(query) : body === '' ? {} : (JSON.parse(body) as Record<string, unknown>);
    const handler = this.handlers[operation];
    const nth = this.calls.filter(name => name === operation).length;
    const reply = handler ? handler(input, nth) : new Fault('AccessDeniedException', `${operation} is not allowed`);
    if (reply === SILENCE) return;
    const send = (status: number, type: string, text: string) =>
      response.writeHead(status, { 'content-type': type, 'x-amzn-requestid': `fake-${call}` }).end(text);
    if (reply instanceof Fault) {
      if (query) {
        const { name, message } = reply;
        const type = name === 'AccessDeniedException' ? 'AccessDenied' : name;
        send(
          reply.status,
          'text/xml',
          `<ErrorResponse><Error><Type>Sender</Type><Code>${type}</Code><Message>${message}</Message></Error><RequestId>fake</RequestId></ErrorResponse>`,
        );
      } else
        send(
          reply.status,
          'application/x-amz-json-1.1',
          JSON.stringify({ __type: reply.name, message: reply.message }),
        );
    } else if (typeof reply === 'string') send(200, 'text/xml', reply);
    else send(200, 'application/x-amz-json-1.1', JSON.stringify(reply));
  }
}

/** `GetCallerIdentity` of the account 123456789012. */
export const CALLER_IDENTITY =
  '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>' +
  '<Arn>arn:aws:iam::123456789012:user/engineer</Arn><UserId>AIDA</UserId><Account>123456789012</Account>' +
  '</GetCallerIdentityResult><ResponseMetadata><RequestId>fake</RequestId></ResponseMetadata></GetCallerIdentityResponse>';
