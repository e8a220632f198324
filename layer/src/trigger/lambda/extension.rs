//! An extension within the runtime's own process: the platform sends SIGTERM only to functions that have one, and kills the
//! others.
//!
//! Protocol: <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html>.

use std::convert::Infallible;
use std::future::pending;
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode};
use tracing::{debug, info};

use crate::trigger::backoff::Backoff;
use crate::trigger::causes::causes;

const NAME: &str = "wasm-vision";
const IDENTIFIER: &str = "lambda-extension-identifier";

/// The platform's end is on the same machine.
const PATIENCE: Duration = Duration::from_secs(1);

/// A registration that failed for another reason than that there is none.
const ATTEMPTS: usize = 3;

/// An extension that the platform knows.
#[derive(Debug)]
pub struct Extension {
    client: Client,
    next: String,
    identifier: String,
}

/// Why there is no extension.
enum Missing {
    /// The platform takes none: an emulator, for example.
    Refused(StatusCode),
    /// It may take one the next time.
    Lost(String),
}

impl Extension {
    /// Registers with the platform at `address`, which must happen before the first event is asked for. Nothing where the
    /// platform takes no extensions: then the end of the process is all that is lost.
    pub(super) async fn register(address: &str) -> Option<Self> {
        let client = Client::builder().no_proxy().redirect(Policy::none()).build().ok()?;
        let mut backoff = Backoff::default();
        for _ in 0..ATTEMPTS {
            match Self::attempt(&client, address).await {
                Ok(extension) => return Some(extension),
                Err(Missing::Refused(status)) => {
                    info!(%status, "the platform takes no extension, so it may end the process without SIGTERM");
                    return None;
                }
                Err(Missing::Lost(reason)) => {
                    debug!(%reason, "no answer to the registration of the extension");
                    backoff.wait().await;
                }
            }
        }
        info!("no extension could be registered, so the platform may end the process without SIGTERM");
        None
    }

    async fn attempt(client: &Client, address: &str) -> Result<Self, Missing> {
        let root = format!("http://{address}/2020-01-01/extension");
        let request = client.post(format!("{root}/register")).header("lambda-extension-name", NAME);
        let request = request.header("content-type", "application/json").body(r#"{"events":[]}"#);
        let response = request.timeout(PATIENCE).send().await;
        let response = response.map_err(|error| Missing::Lost(causes(&error)))?;
        let status = response.status();
        let identifier =
            response.headers().get(IDENTIFIER).and_then(|id| id.to_str().ok()).map(str::to_owned);
        match identifier {
            Some(identifier) if status.is_success() => {
                Ok(Self { client: client.clone(), next: format!("{root}/event/next"), identifier })
            }
            _ => Err(Missing::Refused(status)),
        }
    }

    /// Waits for an event that never comes: none was asked for. As long as somebody waits, the extension counts as one.
    async fn wait(&self) -> Result<StatusCode, reqwest::Error> {
        let request = self.client.get(&self.next).header(IDENTIFIER, &self.identifier);
        Ok(request.send().await?.status())
    }
}

/// Keeps the extension, if there is one, until this is dropped.
pub(super) async fn stay(extension: Option<Extension>) -> Infallible {
    if let Some(extension) = extension {
        match extension.wait().await {
            Ok(status) => debug!(%status, "the platform let the extension go"),
            Err(error) => debug!(error = %causes(&error), "the platform let the extension go"),
        }
    }
    pending().await
}
