//! The role's temporary credentials: from the environment, or from the container's own address, and then kept until shortly
//! before they run out.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use reqwest::Url;
use reqwest::redirect::Policy;
use serde::Deserialize;
use tokio::sync::Mutex;

use crate::trigger::causes::causes;

/// What a request is signed with. Never logged: `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    pub(super) key_id: String,
    pub(super) secret_key: String,
    pub(super) token: Option<String>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Credentials(hidden)")
    }
}

/// Credentials are asked for anew so long before they run out: what is signed with them, uploads among it, lasts.
const EARLY: Duration = Duration::from_secs(10 * 60);

/// How long the container's address may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Bytes of its answer.
const ANSWER_BYTES: usize = 16 << 10;

/// Where containers of ECS and EKS ask, beside this machine itself.
const CONTAINER_HOSTS: [&str; 3] = ["169.254.170.2", "169.254.170.23", "fd00:ec2::23"];

/// Where the credentials come from.
#[derive(Debug)]
pub(super) struct CredentialSource {
    container: Option<Container>,
}

#[derive(Debug)]
struct Container {
    url: Result<Url, String>,
    kept: Mutex<Option<Kept>>,
}

#[derive(Debug)]
struct Kept {
    credentials: Credentials,
    until: SystemTime,
}

/// The file of the container's own token, where it has one; it is read while the process is confined.
pub(super) fn token_file() -> Option<PathBuf> {
    variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE").map(PathBuf::from)
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

impl CredentialSource {
    /// By the variables that the platform sets.
    pub(super) fn of_environment() -> Self {
        let full = variable("AWS_CONTAINER_CREDENTIALS_FULL_URI").map(|url| {
            let name = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
            container_url(&url).ok_or_else(|| {
                let url = crate::secrets::hidden(&url);
                format!("{name} is {url:?}, accepted is https, or http at this machine or a container's own address")
            })
        });
        let relative = || {
            let path = variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")?;
            let url = format!("http://{}{path}", CONTAINER_HOSTS[0]);
            Some(
                container_url(&url)
                    .ok_or_else(|| format!("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is {path:?}")),
            )
        };
        let url = full.or_else(relative);
        Self { container: url.map(|url| Container { url, kept: Mutex::new(None) }) }
    }

    /// What is valid now; the environment is read anew each time.
    ///
    /// # Errors
    /// Says what is missing.
    pub(super) async fn now(&self) -> Result<Credentials, String> {
        if let Some(credentials) = from_environment() {
            return Ok(credentials);
        }
        let Some(Container { url, kept }) = &self.container else {
            return Err("the function has no credentials for the bucket (neither AWS_ACCESS_KEY_ID nor \
                        AWS_CONTAINER_CREDENTIALS_FULL_URI is set): give it a role, see docs/aws.md"
                .to_owned());
        };
        let url = url.as_ref().map_err(Clone::clone)?;
        let mut kept = kept.lock().await;
        let now = SystemTime::now();
        match &*kept {
            Some(Kept { credentials, until }) if now + EARLY < *until => return Ok(credentials.clone()),
            _ => {}
        }
        let asked = ask(url).await;
        match (asked, &*kept) {
            (Ok(new), _) => {
                let credentials = new.credentials.clone();
                *kept = Some(new);
                Ok(credentials)
            }
            // The old ones are good for a while yet.
            (Err(reason), Some(Kept { credentials, until })) if now < *until => {
                tracing::warn!(reason, "the role's credentials could not be renewed yet");
                Ok(credentials.clone())
            }
            (Err(reason), _) => Err(format!("no credentials of the role from {url}: {reason}")),
        }
    }
}

fn from_environment() -> Option<Credentials> {
    Some(Credentials {
        key_id: variable("AWS_ACCESS_KEY_ID")?,
        secret_key: variable("AWS_SECRET_ACCESS_KEY")?,
        token: variable("AWS_SESSION_TOKEN"),
    })
}

/// Nobody on the way may read the answer.
fn container_url(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let host = url.host_str()?.trim_start_matches('[').trim_end_matches(']');
    let is_near = || {
        CONTAINER_HOSTS.contains(&host)
            || host == "localhost"
            || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    };
    (url.scheme() == "https" || (url.scheme() == "http" && is_near())).then_some(url)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    access_key_id: String,
    secret_access_key: String,
    token: Option<String>,
    expiration: Option<String>,
}

async fn ask(url: &Url) -> Result<Kept, String> {
    let told = |error: reqwest::Error| causes(&error.without_url());
    // Asked once in hours: no connection is worth keeping.
    let client = reqwest::Client::builder().no_proxy().redirect(Policy::none()).timeout(PATIENCE).build();
    let mut request = client.map_err(told)?.get(url.clone());
    if let Some(token) = token()? {
        request = request.header("authorization", token);
    }
    let mut response = request.send().await.map_err(told)?;
    if !response.status().is_success() {
        return Err(format!("status {}", response.status()));
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(told)? {
        body.extend_from_slice(&chunk);
        if body.len() > ANSWER_BYTES {
            return Err(format!("more than {ANSWER_BYTES} bytes"));
        }
    }
    read(&body, SystemTime::now())
}

/// What the container wants to see before it answers.
fn token() -> Result<Option<String>, String> {
    match token_file() {
        Some(file) => {
            let text =
                std::fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
            Ok(Some(text.trim().to_owned()))
        }
        None => Ok(variable("AWS_CONTAINER_AUTHORIZATION_TOKEN")),
    }
}

fn read(body: &[u8], now: SystemTime) -> Result<Kept, String> {
    let Answer { access_key_id, secret_access_key, token, expiration } =
        serde_json::from_slice(body).map_err(|error| format!("the answer is not as expected: {error}"))?;
    let until = match expiration {
        Some(time) => humantime::parse_rfc3339_weak(&time).map_err(|error| format!("Expiration: {error}"))?,
        // Long-lived ones may be changed all the same.
        None => now + 2 * EARLY,
    };
    let credentials = Credentials { key_id: access_key_id, secret_key: secret_access_key, token };
    Ok(Kept { credentials, until })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_hides_everything() {
        let credentials =
            Credentials { key_id: "id".into(), secret_key: "key".into(), token: Some("token".into()) };
        assert_eq!(format!("{credentials:?}"), "Credentials(hidden)");
    }

    #[test]
    fn a_containers_address_is_near_or_encrypted() {
        for url in [
            "http://169.254.170.2/v2/credentials",
            "http://169.254.170.23/v1",
            "http://[fd00:ec2::23]/v1",
            "http://127.0.0.1:9001/x",
            "http://localhost:1/",
            "https://credentials.example/",
        ] {
            assert!(container_url(url).is_some(), "{url}");
        }
        for url in ["http://credentials.example/", "http://169.254.169.254/", "ftp://127.0.0.1/", "", "/v2/x"]
        {
            assert!(container_url(url).is_none(), "{url}");
        }
    }

    #[test]
    fn an_answer_has_its_end_or_is_asked_for_again_soon() {
        let now = SystemTime::now();
        let json = r#"{"AccessKeyId": "id", "SecretAccessKey": "key", "Token": "t", "Expiration": "2026-11-30T12:00:00Z"}"#;
        let Kept { credentials, until } = read(json.as_bytes(), now).unwrap();
        assert_eq!((credentials.key_id.as_str(), credentials.token.as_deref()), ("id", Some("t")));
        assert_eq!(humantime::format_rfc3339(until).to_string(), "2026-11-30T12:00:00Z");
        assert!(
            read(br#"{"AccessKeyId": "id", "SecretAccessKey": "key"}"#, now).unwrap().until > now + EARLY
        );
        for json in ["", "{}", r#"{"AccessKeyId": "id", "SecretAccessKey": "key", "Expiration": "soon"}"#] {
            assert!(read(json.as_bytes(), now).is_err(), "{json}");
        }
    }
}
