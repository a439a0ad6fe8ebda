/**
 * What `@aws-sdk/client-sagemaker-runtime-http2` exports, as types of our own: a program written against it compiles against
 * the kit, and its objects are accepted where the kit takes a client. Checked by the compiler; at run time only the names are.
 */
import type { Client } from '@smithy/core/client';
import type { HttpHandlerOptions, MetadataBearer } from '@smithy/types';
import type { BidiClient } from '../../../lib/client';
import * as kit from '../../../lib/client';

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
type Assignable<From, To> = From extends To ? true : false;
const check = <_Holds extends true>(): void => undefined;

interface OfficialPayloadPart {
  Bytes?: Uint8Array | undefined;
  DataType?: string | undefined;
  CompletionState?: string | undefined;
  P?: string | undefined;
}
interface OfficialInput {
  EndpointName: string | undefined;
  Body:
    | AsyncIterable<
        | { PayloadPart: OfficialPayloadPart; $unknown?: never }
        // biome-ignore lint/suspicious/noExplicitAny: as the official client declares it.
        | { PayloadPart?: never; $unknown: [string, any] }
      >
    | undefined;
  TargetVariant?: string | undefined;
  ModelInvocationPath?: string | undefined;
  ModelQueryString?: string | undefined;
}
type OfficialEvent =
  | {
      PayloadPart: OfficialPayloadPart;
      ModelStreamError?: never;
      InternalStreamFailure?: never;
      $unknown?: never;
    }
  | { PayloadPart?: never; ModelStreamError: OfficialStreamError; InternalStreamFailure?: never; $unknown?: never }
  | { PayloadPart?: never; ModelStreamError?: never; InternalStreamFailure: Error; $unknown?: never }
  // biome-ignore lint/suspicious/noExplicitAny: as the official client declares it.
  | { PayloadPart?: never; ModelStreamError?: never; InternalStreamFailure?: never; $unknown: [string, any] };
interface OfficialStreamError extends Error {
  readonly name: 'ModelStreamError';
  readonly $fault: 'client';
  Message?: string | undefined;
  ErrorCode?: string | undefined;
}
interface OfficialOutput extends MetadataBearer {
  Body: AsyncIterable<OfficialEvent> | undefined;
  InvokedProductionVariant?: string | undefined;
}
interface OfficialModelError extends Error {
  readonly name: 'ModelError';
  readonly $fault: 'client';
  Message?: string | undefined;
  OriginalStatusCode?: number | undefined;
  OriginalMessage?: string | undefined;
  LogStreamArn?: string | undefined;
  ErrorCode?: string | undefined;
}
// The official client's own configuration type is another; what a session needs of it is `send`.
type OfficialClient = Client<
  HttpHandlerOptions,
  OfficialInput,
  OfficialOutput,
  kit.SageMakerRuntimeHTTP2ClientResolvedConfig
>;

test('the input, the output and the errors have the official shapes', () => {
  check<Assignable<OfficialInput, kit.InvokeEndpointWithBidirectionalStreamCommandInput>>();
  check<Assignable<kit.InvokeEndpointWithBidirectionalStreamCommandInput, OfficialInput>>();
  check<Assignable<kit.InvokeEndpointWithBidirectionalStreamCommandOutput, OfficialOutput>>();
  check<Equal<keyof kit.InvokeEndpointWithBidirectionalStreamCommandInput, keyof OfficialInput>>();
  check<Equal<keyof kit.InvokeEndpointWithBidirectionalStreamCommandOutput, keyof OfficialOutput>>();
  check<Equal<kit.RequestPayloadPart[keyof kit.RequestPayloadPart], OfficialPayloadPart[keyof OfficialPayloadPart]>>();
  check<Assignable<kit.ModelError, OfficialModelError>>();
  check<Assignable<kit.ModelStreamError, OfficialStreamError>>();
});

test('the official client is accepted, and the kit’s stands where it is asked for', () => {
  check<Assignable<OfficialClient, BidiClient>>();
  check<Assignable<kit.SageMakerRuntimeHTTP2Client, BidiClient>>();
  const program = (client: kit.SageMakerRuntimeHTTP2Client, input: OfficialInput): Promise<OfficialOutput> =>
    client.send(new kit.InvokeEndpointWithBidirectionalStreamCommand(input));
  expect(program).toBeInstanceOf(Function);
});

test.each([
  'SageMakerRuntimeHTTP2Client',
  'InvokeEndpointWithBidirectionalStreamCommand',
  'SageMakerRuntimeHTTP2ServiceException',
  'InputValidationError',
  'InternalServerError',
  'InternalStreamFailure',
  'ModelError',
  'ModelStreamError',
  'ServiceUnavailableError',
])('%s is exported', name => {
  const exported = (kit as unknown as Record<string, { name: string }>)[name];
  expect(exported).toBeInstanceOf(Function);
  expect(exported!.name).toBe(name);
});
