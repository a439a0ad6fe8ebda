//! What the program saw, one line of JSON for each scenario. `test/interop/observation.ts` is the other end.

use aws_sdk_sagemakerruntimehttp2::types::ResponsePayloadPart;
use serde::Serialize;
use sha2::{Digest, Sha256};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Observation {
    pub scenario: String,
    pub variant: Option<String>,
    pub received: Vec<ReceivedPart>,
    pub outcome: Outcome,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReceivedPart {
    pub data_type: Option<String>,
    pub completion_state: Option<String>,
    pub length: usize,
    pub sha256: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum Outcome {
    Ended,
    TimedOut,
    #[serde(rename_all = "camelCase")]
    Error {
        /// Name in the service model, or what the client calls it where the model has none.
        name: String,
        message: Option<String>,
        error_code: Option<String>,
        /// HTTP status, where no stream was opened.
        status: Option<u16>,
        original_status_code: Option<i32>,
    },
}

impl From<&ResponsePayloadPart> for ReceivedPart {
    fn from(part: &ResponsePayloadPart) -> Self {
        let bytes = part.bytes().map(|blob| blob.as_ref()).unwrap_or_default();
        let sha256 = Sha256::digest(bytes);
        ReceivedPart {
            data_type: part.data_type().map(str::to_owned),
            completion_state: part.completion_state().map(str::to_owned),
            length: bytes.len(),
            sha256: sha256.iter().map(|byte| format!("{byte:02x}")).collect(),
        }
    }
}
