//! Whom the service answers: requests to one of its own names, and changes only from pages of its own.
//!
//! A browser lets any page send requests to this machine. A page whose own name is made to lead here (DNS rebinding)
//! gives that name as `Host`; a page of another site that posts or deletes gives its `Origin`. Both are refused.
//!
//! The service speaks http, so a page at `https://` is another's, even under the same name; but for a name that was given: a
//! proxy with TLS stands before it.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use contract::ErrorCode;

use super::problem::Problem;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// What balancers and containers ask, by whatever name; the answers tell nothing.
pub(super) const FOR_ANYBODY: [&str; 2] = ["/healthz", "/readyz"];

/// Names that the service has beside IP addresses and `localhost`, and pages of others that may use it.
#[derive(Debug)]
pub(super) struct Callers {
    hosts: Vec<String>,
    origins: Vec<String>,
}

/// Answers who may be answered.
pub(super) async fn check(State(callers): State<Arc<Callers>>, request: Request, next: Next) -> Response {
    match callers.check(&request) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

impl Callers {
    /// `hosts` are names without a port, or `*`; `origins` as in the header of that name, or `*`.
    pub(super) fn new(hosts: &[String], origins: &[String]) -> Self {
        Self { hosts: hosts.to_vec(), origins: origins.to_vec() }
    }

    fn check(&self, request: &Request) -> Result<(), Problem> {
        if FOR_ANYBODY.contains(&request.uri().path()) {
            return Ok(());
        }
        let host = the_host(request.headers())?;
        // A request may name its host in its first line as well; that one counts for others on the way.
        let named = request.uri().authority().map(|authority| authority.as_str());
        for host in [Some(host), named].into_iter().flatten() {
            self.check_host(host)?;
        }
        let changes = ![Method::GET, Method::HEAD, Method::OPTIONS].contains(request.method());
        if changes { self.check_origin(request.headers(), host) } else { Ok(()) }
    }

    fn check_host(&self, host: &str) -> Result<(), Problem> {
        let Some((name, _)) = split(host) else {
            return Err(Problem::new(
                ErrorCode::BadRequest,
                format!(
                    "the header host is {host:?}, accepted is a name or an IP address, with or without a port"
                ),
            ));
        };
        let is_own = name.eq_ignore_ascii_case("localhost") || address(name).is_some();
        if is_own || self.hosts.iter().any(|own| own == "*" || own.eq_ignore_ascii_case(name)) {
            return Ok(());
        }
        Err(Problem::new(
            ErrorCode::Forbidden,
            format!(
                "the service does not answer to the name {name:?}, only to IP addresses, localhost and names given by \
                 --host (VISION_HOST)"
            ),
        ))
    }

    fn check_origin(&self, headers: &HeaderMap, host: &str) -> Result<(), Problem> {
        let mut is_named = false;
        for origin in headers.get_all(header::ORIGIN) {
            let origin = origin.to_str().unwrap_or("null");
            if self.origins.iter().any(|known| known == "*" || known.eq_ignore_ascii_case(origin)) {
                is_named = true;
            } else if !self.is_own(origin, host) {
                return Err(foreign(&format!("{origin:?}, which is not the service's own")));
            }
        }
        // What the browser itself says of the page; one of an origin that was named is of another.
        let is_foreign = |site: &HeaderValue| {
            [&b"cross-site"[..], b"same-site"].iter().any(|found| site.as_bytes().eq_ignore_ascii_case(found))
        };
        if !is_named && headers.get_all(SEC_FETCH_SITE).iter().any(is_foreign) {
            return Err(foreign("another origin"));
        }
        Ok(())
    }

    /// Whether `origin` is the one that `host` is reached at, by http or, for names that were given, through a proxy with TLS.
    fn is_own(&self, origin: &str, host: &str) -> bool {
        let (usual, at) = match origin.split_once("://") {
            Some(("http", at)) => (80, at),
            Some(("https", at)) => (443, at),
            _ => return false,
        };
        let (Some((name, port)), Some((own, own_port))) = (split(at), split(host)) else { return false };
        let may_be = usual == 80 || self.hosts.iter().any(|given| given.eq_ignore_ascii_case(own));
        may_be && name.eq_ignore_ascii_case(own) && port.unwrap_or(usual) == own_port.unwrap_or(usual)
    }
}

fn foreign(whose: &str) -> Problem {
    let message = format!(
        "the request comes from a page of {whose}; --cors-origin lets pages of other origins in, and --host NAME those \
             at https://NAME, where a proxy is"
    );
    Problem::new(ErrorCode::Forbidden, message)
}

/// The one header `Host`.
fn the_host(headers: &HeaderMap) -> Result<&str, Problem> {
    let mut hosts = headers.get_all(header::HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else {
        let found = headers.get_all(header::HOST).iter().count();
        let message = format!("the request has {found} headers host, exactly one is needed");
        return Err(Problem::new(ErrorCode::BadRequest, message));
    };
    host.to_str().map_err(|_| {
        Problem::new(ErrorCode::BadRequest, "the header host has bytes that no name of a host has")
    })
}

/// Name and port of `NAME`, `NAME:PORT`, `[IPv6]` or `[IPv6]:PORT`.
fn split(host: &str) -> Option<(&str, Option<u16>)> {
    let name_end =
        if host.starts_with('[') { host.find(']')? + 1 } else { host.find(':').unwrap_or(host.len()) };
    let (name, rest) = host.split_at_checked(name_end)?;
    let port = match rest.strip_prefix(':') {
        None if rest.is_empty() => None,
        Some("") => None,
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => Some(digits.parse().ok()?),
        _ => return None,
    };
    let is_name = name.starts_with('[')
        || name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte));
    (!name.is_empty() && is_name).then_some((name, port))
}

/// The IP address that `name` is; version 6 in brackets.
fn address(name: &str) -> Option<IpAddr> {
    match name.strip_prefix('[').and_then(|name| name.strip_suffix(']')) {
        Some(name) => name.parse::<Ipv6Addr>().ok().map(IpAddr::from),
        None => name.parse().ok().filter(IpAddr::is_ipv4),
    }
}

#[cfg(test)]
mod tests;
