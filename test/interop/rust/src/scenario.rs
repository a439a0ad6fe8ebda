//! What the program is asked to do, as `test/interop/scenarios.json` writes it.

use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Scenario {
    pub name: String,
    pub request: Request,
    #[serde(default)]
    pub send: Vec<Part>,
    pub end: End,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    pub endpoint: String,
    pub variant: Option<String>,
    pub path: Option<String>,
    pub query: Option<String>,
    #[serde(default)]
    pub wrong_secret: bool,
    /// Whether the service that fails while streaming is meant.
    #[serde(default)]
    pub failing_service: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Part {
    pub text: Option<String>,
    /// Length in bytes of a payload in which byte `i` is `i mod 251`.
    pub pattern: Option<usize>,
    pub data_type: Option<String>,
    pub completion_state: Option<String>,
    #[serde(default = "once")]
    pub times: usize,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", tag = "by")]
pub enum End {
    /// The client ends its input after so many events, then reads to the end of the response.
    #[serde(rename_all = "camelCase")]
    Client { after_events: usize },
    /// The client never ends its input.
    Server,
}

fn once() -> usize {
    1
}

impl Part {
    pub fn payload(&self) -> Vec<u8> {
        match (&self.text, self.pattern) {
            (Some(text), None) => text.clone().into_bytes(),
            (None, Some(length)) => (0..length).map(|index| (index % 251) as u8).collect(),
            _ => panic!("a part has either text or pattern"),
        }
    }
}
