//! Plays the scenarios with the AWS SDK for Rust and prints what it saw.
//!
//! Environment: INTEROP_SCENARIOS (file), INTEROP_URL, INTEROP_FAILING_URL, INTEROP_CA_FILE, AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY,
//! AWS_SESSION_TOKEN where the pair has one.

mod observation;
mod scenario;

use aws_sdk_sagemakerruntimehttp2::config::retry::RetryConfig;
use aws_sdk_sagemakerruntimehttp2::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_sagemakerruntimehttp2::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sagemakerruntimehttp2::operation::invoke_endpoint_with_bidirectional_stream::InvokeEndpointWithBidirectionalStreamError;
use aws_sdk_sagemakerruntimehttp2::primitives::event_stream::EventStreamSender;
use aws_sdk_sagemakerruntimehttp2::primitives::Blob;
use aws_sdk_sagemakerruntimehttp2::types::error::{RequestStreamEventError, ResponseStreamEventError};
use aws_sdk_sagemakerruntimehttp2::types::{RequestPayloadPart, RequestStreamEvent, ResponseStreamEvent};
use aws_sdk_sagemakerruntimehttp2::{Client, Config};
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use futures_core::Stream;
use observation::{Observation, Outcome, ReceivedPart};
use scenario::{End, Scenario};
use std::env;
use std::error::Error;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::mpsc;

const SCENARIO_TIME: Duration = Duration::from_secs(30);

type Outgoing = Result<RequestStreamEvent, RequestStreamEventError>;

/// The input of the stream: what the channel brings, until its sender is dropped.
struct Input(mpsc::Receiver<Outgoing>);

impl Stream for Input {
    type Item = Outgoing;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Outgoing>> {
        self.0.poll_recv(context)
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let scenarios: Vec<Scenario> = serde_json::from_slice(&std::fs::read(env::var("INTEROP_SCENARIOS")?)?)?;
    let secret = env::var("AWS_SECRET_ACCESS_KEY")?;
    let url = env::var("INTEROP_URL")?;
    let right = client(&url, &secret)?;
    let wrong = client(&url, "not-the-secret")?;
    let failing = client(&env::var("INTEROP_FAILING_URL")?, &secret)?;
    for scenario in &scenarios {
        let client = match &scenario.request {
            request if request.wrong_secret => &wrong,
            request if request.failing_service => &failing,
            _ => &right,
        };
        let mut seen = Observation {
            scenario: scenario.name.clone(),
            variant: None,
            received: Vec::new(),
            outcome: Outcome::TimedOut,
        };
        if let Ok(outcome) = tokio::time::timeout(SCENARIO_TIME, play(client, scenario, &mut seen)).await {
            seen.outcome = outcome;
        }
        println!("{}", serde_json::to_string(&seen)?);
    }
    Ok(())
}

fn client(url: &str, secret: &str) -> Result<Client, Box<dyn Error>> {
    let trust_store = TrustStore::empty().with_pem_certificate(std::fs::read(env::var("INTEROP_CA_FILE")?)?);
    let http_client = aws_smithy_http_client::Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .tls_context(TlsContext::builder().with_trust_store(trust_store).build()?)
        .build_https();
    let token = env::var("AWS_SESSION_TOKEN").ok();
    let credentials = Credentials::new(env::var("AWS_ACCESS_KEY_ID")?, secret, token, None, "interop");
    Ok(Client::from_conf(
        Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(env::var("AWS_REGION")?))
            .endpoint_url(url)
            .credentials_provider(credentials)
            .retry_config(RetryConfig::disabled())
            .http_client(http_client)
            .build(),
    ))
}

async fn play(client: &Client, scenario: &Scenario, seen: &mut Observation) -> Outcome {
    let (sender, input) = mpsc::channel::<Outgoing>(4);
    let request = &scenario.request;
    let opening = client
        .invoke_endpoint_with_bidirectional_stream()
        .endpoint_name(&request.endpoint)
        .set_target_variant(request.variant.clone())
        .set_model_invocation_path(request.path.clone())
        .set_model_query_string(request.query.clone())
        .body(EventStreamSender::from(Input(input)))
        .send();
    let mut output = match opening.await {
        Ok(output) => output,
        Err(error) => return refused(error),
    };
    seen.variant = output.invoked_production_variant().map(str::to_owned);

    let mut open_input = Some(sender.clone()); // dropped when the input is to end
    // Sending and receiving go side by side: an echo longer than the flow-control windows would lock up otherwise.
    let sending = async move {
        for part in &scenario.send {
            let payload = RequestPayloadPart::builder()
                .bytes(Blob::new(part.payload()))
                .set_data_type(part.data_type.clone())
                .set_completion_state(part.completion_state.clone())
                .build();
            for _ in 0..part.times {
                if sender.send(Ok(RequestStreamEvent::PayloadPart(payload.clone()))).await.is_err() {
                    return; // the stream ended under the sender; the receiver tells why
                }
            }
        }
    };
    let end_after = match scenario.end {
        End::Client { after_events } => Some(after_events),
        End::Server => None,
    };
    let receiving = async {
        loop {
            if end_after.is_some_and(|events| seen.received.len() >= events) {
                open_input = None;
            }
            match output.body.recv().await {
                Ok(Some(ResponseStreamEvent::PayloadPart(part))) => seen.received.push(ReceivedPart::from(&part)),
                Ok(Some(other)) => return unmodelled(format!("{other:?}")),
                Ok(None) => return Outcome::Ended,
                Err(error) => return broken(error),
            }
        }
    };
    let (_, outcome) = tokio::join!(sending, receiving);
    drop(open_input);
    outcome
}

/// No stream was opened.
fn refused<R>(error: SdkError<InvokeEndpointWithBidirectionalStreamError, R>) -> Outcome
where
    R: std::fmt::Debug + HttpStatus,
{
    use InvokeEndpointWithBidirectionalStreamError as Refusal;
    let status = error.raw_response().map(HttpStatus::status);
    let Some(service_error) = error.as_service_error() else {
        return unmodelled(format!("{error:?}"));
    };
    let (error_code, original_status_code) = match service_error {
        Refusal::InputValidationError(error) => (error.error_code(), None),
        Refusal::InternalServerError(error) => (error.error_code(), None),
        Refusal::ModelError(error) => (error.error_code(), error.original_status_code()),
        Refusal::ServiceUnavailableError(error) => (error.error_code(), None),
        _ => (None, None),
    };
    Outcome::Error {
        name: service_error.code().unwrap_or("without a name").to_owned(),
        message: service_error.message().map(str::to_owned),
        error_code: error_code.map(str::to_owned),
        status,
        original_status_code,
    }
}

/// The open stream ended with an error.
fn broken<R: std::fmt::Debug>(error: SdkError<ResponseStreamEventError, R>) -> Outcome {
    let (name, message, error_code) = match error.as_service_error() {
        Some(ResponseStreamEventError::ModelStreamError(error)) => ("ModelStreamError", error.message(), error.error_code()),
        Some(ResponseStreamEventError::InternalStreamFailure(error)) => ("InternalStreamFailure", error.message(), None),
        _ => return unmodelled(format!("{error:?}")),
    };
    Outcome::Error {
        name: name.to_owned(),
        message: message.map(str::to_owned),
        error_code: error_code.map(str::to_owned),
        status: None,
        original_status_code: None,
    }
}

fn unmodelled(description: String) -> Outcome {
    Outcome::Error { name: description, message: None, error_code: None, status: None, original_status_code: None }
}

trait HttpStatus {
    fn status(&self) -> u16;
}

impl HttpStatus for aws_sdk_sagemakerruntimehttp2::config::http::HttpResponse {
    fn status(&self) -> u16 {
        self.status().as_u16()
    }
}
