import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An error that a service of AWS answers with. */
export class ServiceError {
  constructor(
    readonly name: string,
    readonly message = '',
    readonly status = 400,
  ) {}
}

/** The service keeps the connection and never answers. */
export const NO_ANSWER = Symbol('no answer');
/** The service resets the connection instead of answering. */
export const CONNECTION_RESET = Symbol('connection reset');

type Reply = object | ServiceError | typeof NO_ANSWER | typeof CONNECTION_RESET;
type Handler = Reply | ((input: Record<string, unknown>, call: number) => Reply);
/** By operation, or by service and operation (`ecr:DescribeImages`) where two services name an operation alike. */
export type Handlers = Record<string, Handler>;

/** One request, as the fake has read it. */
interface Question {
  readonly service: string;
  readonly operation: string;
  readonly input: Record<string, unknown>;
  /** Whether it came in the query protocol, which is answered in XML. */
  readonly isQuery: boolean;
}

/**
 * A fake of AWS's control plane at the HTTP level, for the real SDK clients. `X-Amz-Target` of the JSON protocols and `Action` of
 * the query protocol choose the handler, and its object is answered in the protocol of the question. An operation without a handler
 * is denied.
 */
export class FakeAws {
  /** Operations in the order in which they came. */
  readonly calls: string[] = [];
  private readonly inputs: Question[] = [];
  private handlers: Record<string, Handler> = {};

  private constructor(private readonly server: Server) {
    server.on('request', (request, response) => void this.answer(request, response));
  }

  static async start(handlers: Handlers = {}): Promise<FakeAws> {
    const server = createServer();
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    const aws = new FakeAws(server);
    aws.handlers = { ...handlers };
    return aws;
  }

  /** Forgets the calls and all handlers but these. */
  reset(handlers: Handlers = {}): void {
    this.calls.length = 0;
    this.inputs.length = 0;
    this.handlers = { ...handlers };
  }

  /** Answers an operation from now on: the calls take the answers in order, and the last one again and again. */
  on(operation: string, ...answers: Handler[]): void {
    let taken = 0;
    this.handlers[operation] = (input, call) => {
      const answer = answers[Math.min(taken++, answers.length - 1)]!;
      return typeof answer === 'function' ? (answer as (input: object, call: number) => Reply)(input, call) : answer;
    };
  }

  /** The inputs of an operation, in the order in which they came. */
  inputsOf(operation: string): Record<string, unknown>[] {
    return this.inputs.filter(question => question.operation === operation).map(({ input }) => input);
  }

  /** What a client, or a `ControlPlane`, needs to ask this fake. */
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
    const question = await read(request);
    const { service, operation, input, isQuery } = question;
    const call = this.calls.push(operation);
    this.inputs.push(question);
    const handler = this.handlers[`${service}:${operation}`] ?? this.handlers[operation];
    const reply =
      typeof handler === 'function'
        ? (handler as (input: object, call: number) => Reply)(input, this.inputsOf(operation).length)
        : (handler ?? new ServiceError('AccessDeniedException', `${operation} is not allowed`));
    if (reply === NO_ANSWER) return;
    if (reply === CONNECTION_RESET) {
      request.socket.resetAndDestroy();
      return;
    }
    const { status, body } = written(reply as object, question);
    response
      .writeHead(status, {
        'content-type': isQuery ? 'text/xml' : 'application/x-amz-json-1.1',
        'x-amzn-requestid': `fake-${call}`,
      })
      .end(body);
  }
}

async function read(request: IncomingMessage): Promise<Question> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks).toString();
  // Credential=AKIDEXAMPLE/20260301/us-east-1/sagemaker/aws4_request
  const service = request.headers.authorization?.match(/Credential=(?:[^/,]+\/){3}([^/]+)/)?.[1] ?? '';
  const target = request.headers['x-amz-target'] as string | undefined;
  if (target !== undefined) {
    const input = body === '' ? {} : (JSON.parse(body) as Record<string, unknown>);
    return { service, operation: target.split('.').at(-1)!, input, isQuery: false };
  }
  const query = new URLSearchParams(body);
  const action = query.get('Action');
  return {
    service,
    operation: action ?? request.url!,
    input: Object.fromEntries(query),
    isQuery: action !== null,
  };
}

/** A reply as the protocol of the question has it on the wire. */
function written(reply: object, { operation, isQuery }: Question): { status: number; body: string } {
  if (reply instanceof ServiceError) {
    const { name, message, status } = reply;
    if (!isQuery) return { status, body: JSON.stringify({ __type: name, message }) };
    const code = name === 'AccessDeniedException' ? 'AccessDenied' : name;
    const error = { Error: { Type: 'Sender', Code: code, Message: message }, RequestId: 'fake' };
    return { status, body: `<ErrorResponse>${xml(error)}</ErrorResponse>` };
  }
  if (!isQuery) return { status: 200, body: JSON.stringify(reply, epochSeconds) };
  const document = { [`${operation}Result`]: reply, ResponseMetadata: { RequestId: 'fake' } };
  return { status: 200, body: `<${operation}Response>${xml(document)}</${operation}Response>` };
}

/** JSON protocols write a time as seconds since 1970. */
function epochSeconds(this: Record<string, unknown>, key: string, value: unknown): unknown {
  const original = this[key];
  return original instanceof Date ? original.getTime() / 1_000 : value;
}

/** The query protocol writes a list as elements called `member`, and a time as ISO 8601 has it. */
function xml(value: unknown): string {
  if (Array.isArray(value)) return value.map(member => `<member>${xml(member)}</member>`).join('');
  if (value instanceof Date) return value.toISOString();
  if (typeof value !== 'object' || value === null) return escapeXml(String(value));
  return Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .map(([name, field]) => `<${name}>${xml(field)}</${name}>`)
    .join('');
}

function escapeXml(text: string): string {
  return text.replace(/[&<>]/g, character => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[character]!);
}

/** The answer to `GetCallerIdentity`: an engineer of the account 123456789012. */
export const CALLER_IDENTITY = {
  Arn: 'arn:aws:iam::123456789012:user/engineer',
  UserId: 'AIDA',
  Account: '123456789012',
};
