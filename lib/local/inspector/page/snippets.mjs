/** One text to an endpoint and its answer, in each SDK that has the operation: the programs of docs/local.md. */

export const typeScript =
  endpointName => `import { InvokeEndpointWithBidirectionalStreamCommand, SageMakerRuntimeHTTP2Client } from 'sagemaker-bidi-kit/client';

async function* input() {
  yield { PayloadPart: { Bytes: Buffer.from('I need help with'), DataType: 'UTF8' } };
}

async function main() {
  const client = new SageMakerRuntimeHTTP2Client();
  const command = new InvokeEndpointWithBidirectionalStreamCommand({ EndpointName: ${JSON.stringify(endpointName)}, Body: input() });
  const { Body } = await client.send(command);
  for await (const event of Body ?? []) {
    if (event.ModelStreamError) throw event.ModelStreamError;
    if (event.InternalStreamFailure) throw event.InternalStreamFailure;
    console.log(Buffer.from(event.PayloadPart?.Bytes ?? []).toString());
  }
  client.destroy();
}

main();`;

export const python = endpointName => `import asyncio
import os

from aws_sdk_sagemaker_runtime_http2.client import AsyncSageMakerRuntimeHTTP2Client
from aws_sdk_sagemaker_runtime_http2.config import AsyncSageMakerRuntimeHTTP2Config
from aws_sdk_sagemaker_runtime_http2.models import (
    InvokeEndpointWithBidirectionalStreamInput,
    RequestPayloadPart,
    RequestStreamEventPayloadPart,
)
from smithy_http.aio.crt import AWSCRTHTTPClient


async def main() -> None:
    config = await AsyncSageMakerRuntimeHTTP2Config.resolve(
        endpoint_uri=os.environ["AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME_HTTP2"],
        region=os.environ["AWS_REGION"],
        aws_access_key_id=os.environ["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=os.environ["AWS_SECRET_ACCESS_KEY"],
        transport=AWSCRTHTTPClient(),
    )
    client = AsyncSageMakerRuntimeHTTP2Client(config)
    stream = await client.invoke_endpoint_with_bidirectional_stream(
        InvokeEndpointWithBidirectionalStreamInput(endpoint_name=${JSON.stringify(endpointName)})
    )
    part = RequestPayloadPart(bytes_=b"I need help with", data_type="UTF8")
    await stream.input_stream.send(RequestStreamEventPayloadPart(value=part))
    _, events = await stream.await_output()
    print((await events.receive()).value.bytes_.decode())
    await stream.input_stream.close()
    while await events.receive() is not None:
        pass


asyncio.run(main())`;

export const java = endpointName => `import java.net.URI;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.core.async.SdkPublisher;
import software.amazon.awssdk.services.sagemakerruntimehttp2.SageMakerRuntimeHttp2AsyncClient;
import software.amazon.awssdk.services.sagemakerruntimehttp2.model.InvokeEndpointWithBidirectionalStreamResponseHandler;
import software.amazon.awssdk.services.sagemakerruntimehttp2.model.InvokeEndpointWithBidirectionalStreamResponseHandler.Visitor;
import software.amazon.awssdk.services.sagemakerruntimehttp2.model.RequestStreamEvent;

public class Echo {
  public static void main(String[] arguments) {
    URI url = URI.create(System.getenv("AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME_HTTP2"));
    try (var client = SageMakerRuntimeHttp2AsyncClient.builder().endpointOverride(url).build()) {
      RequestStreamEvent part =
          RequestStreamEvent.payloadPartBuilder()
              .bytes(SdkBytes.fromUtf8String("I need help with"))
              .dataType("UTF8")
              .build();
      var handler =
          InvokeEndpointWithBidirectionalStreamResponseHandler.builder()
              .subscriber(Visitor.builder().onPayloadPart(answer -> System.out.println(answer.bytes().asUtf8String())).build())
              .build();
      SdkPublisher<RequestStreamEvent> input = SdkPublisher.fromIterable(java.util.List.of(part));
      client.invokeEndpointWithBidirectionalStream(request -> request.endpointName(${JSON.stringify(endpointName)}), input, handler).join();
    }
  }
}`;

export const rust = endpointName => `use aws_sdk_sagemakerruntimehttp2::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_sagemakerruntimehttp2::primitives::Blob;
use aws_sdk_sagemakerruntimehttp2::types::{RequestPayloadPart, RequestStreamEvent, ResponseStreamEvent};
use aws_sdk_sagemakerruntimehttp2::{Client, Config};
use aws_smithy_http_client::tls::{rustls_provider::CryptoMode, Provider};
use futures_util::stream;
use std::{env, error::Error};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let http = aws_smithy_http_client::Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
    let (key, secret) = (env::var("AWS_ACCESS_KEY_ID")?, env::var("AWS_SECRET_ACCESS_KEY")?);
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(env::var("AWS_REGION")?))
        .endpoint_url(env::var("AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME_HTTP2")?)
        .credentials_provider(Credentials::new(key, secret, None, None, "environment"))
        .http_client(http)
        .build();
    let part = RequestPayloadPart::builder().bytes(Blob::new("I need help with")).data_type("UTF8").build();
    let input = stream::iter([Ok(RequestStreamEvent::PayloadPart(part))]);
    let invoke = Client::from_conf(config).invoke_endpoint_with_bidirectional_stream();
    let mut output = invoke.endpoint_name(${JSON.stringify(endpointName)}).body(input.into()).send().await?;
    while let Some(event) = output.body.recv().await? {
        if let ResponseStreamEvent::PayloadPart(answer) = event {
            println!("{}", String::from_utf8_lossy(answer.bytes().map(|bytes| bytes.as_ref()).unwrap_or_default()));
        }
    }
    Ok(())
}`;
