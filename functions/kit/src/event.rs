//! Events: JSON from a shell, an API gateway or a function URL.
//!
//! An event with `httpMethod` or `rawPath` is an HTTP event, any other a bare one. Unknown fields are skipped, whatever
//! they contain, but a bare event's are its options; each known field may occur once.

mod body;
mod fields;
mod options;
mod texts;

use std::borrow::Cow;

use contract::HttpForm;
use serde::Deserialize;
use serde::de::IgnoredAny;

pub(crate) use body::Body;
use fields::WithOptions;
pub(crate) use texts::Texts;
use texts::{FirstText, JoinedTexts};

use crate::error::FunctionError;
use crate::negotiation::{self, Form, Language};

/// An event, borrowed from its bytes where it can be.
#[derive(Debug)]
pub struct Event<'a> {
    http: Option<HttpRequest>,
    /// Whether it came as JSON, and not as a picture.
    is_json: bool,
    /// What a bare event says beside its body.
    fields: Texts,
    /// What the function was started with.
    settings: &'a Texts,
    pub(crate) body: Body<'a>,
    pub(crate) is_base64: bool,
}

/// Who sent an event, as far as the answer depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sender {
    /// A web client, through a gateway.
    Http(HttpForm),
    /// A program that sent JSON.
    Json,
    /// Somebody who sent the picture as it is, such as a shell.
    Bytes,
}

/// What an HTTP event says besides its body.
#[derive(Debug, Default)]
struct HttpRequest {
    form: HttpForm,
    method: String,
    path: String,
    headers: Texts,
    query: Texts,
}

impl<'a> Event<'a> {
    /// Reads an event.
    ///
    /// # Errors
    /// `bad_request` says what was found instead.
    pub(crate) fn parse(text: &'a str) -> Result<Self, FunctionError> {
        let bad = |message: &str| {
            let message = format!("{message}; accepted is JSON such as {{\"body\": \"<base64 image>\"}}");
            Err(FunctionError::bad_request(message))
        };
        match text.trim_start().chars().next() {
            None => return bad("the event is empty"),
            Some('{') => {}
            Some(_) if serde_json::from_str::<IgnoredAny>(text).is_ok() => {
                return bad("the event is JSON, but no object");
            }
            Some(_) => {}
        }
        // A field that is no option, for example because its number is too large, is skipped with all others.
        WithOptions::from_json(text, &FIELDS)
            .or_else(|_| {
                serde_json::from_str(text).map(|fields| WithOptions { fields, options: Texts::NONE })
            })
            .map(|WithOptions { fields, options }| Fields::into_event(fields, options))
            .map_err(|error| FunctionError::bad_request(format!("the event is not as expected: {error}")))
    }

    /// A bare event that is no JSON, but the body itself.
    pub(crate) fn of_body(bytes: &'a [u8]) -> Self {
        let body = Body::Bytes(bytes);
        Self {
            http: None,
            is_json: false,
            fields: Texts::NONE,
            settings: &NO_SETTINGS,
            body,
            is_base64: false,
        }
    }

    /// The same for a function that was started with these options.
    pub(crate) fn with_settings(self, settings: &'a Texts) -> Self {
        Self { settings, ..self }
    }

    pub(crate) fn sender(&self) -> Sender {
        match &self.http {
            Some(http) => Sender::Http(http.form),
            None if self.is_json => Sender::Json,
            None => Sender::Bytes,
        }
    }

    /// How the answer goes back to a web client; None for a bare event.
    pub fn http_form(&self) -> Option<HttpForm> {
        self.http.as_ref().map(|http| http.form)
    }

    /// The method of an HTTP event, as it came.
    pub fn method(&self) -> Option<&str> {
        self.http.as_ref().map(|http| http.method.as_str())
    }

    /// The path of an HTTP event, as it came.
    pub fn path(&self) -> Option<&str> {
        self.http.as_ref().map(|http| http.path.as_str())
    }

    /// The first value of a header, by its name in lower case. Cookies are in `cookie`, however the gateway gave them.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.http.as_ref()?.headers.get(name)
    }

    /// The first value of a query parameter.
    pub fn query(&self, name: &str) -> Option<&str> {
        self.http.as_ref()?.query.get(name)
    }

    /// What the caller wants back: text for bare events; for HTTP events JSON, unless `Accept` prefers text.
    pub fn wanted_form(&self) -> Form {
        if self.http.is_some() { negotiation::form(self.header("accept")) } else { Form::Text }
    }

    /// The language that the caller wants: `lang` of the event, else `Accept-Language`, else `lang` of the function's settings, else
    /// English.
    pub fn wanted_language(&self) -> Language {
        negotiation::language([
            self.own_option("lang").and_then(Language::from_tag),
            self.header("accept-language").and_then(negotiation::heaviest_language),
            self.settings.get("lang").and_then(Language::from_tag),
        ])
    }
}

static NO_SETTINGS: Texts = Texts::NONE;

/// The names of [`Fields`].
const FIELDS: [&str; 13] = [
    "httpMethod",
    "path",
    "rawPath",
    "requestContext",
    "headers",
    "multiValueHeaders",
    "cookies",
    "queryString",
    "queryStringParameters",
    "multiValueQueryStringParameters",
    "rawQueryString",
    "body",
    "isBase64Encoded",
];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Fields<'a> {
    #[serde(borrow, default)]
    http_method: Option<Cow<'a, str>>,
    #[serde(default)]
    path: FirstText,
    #[serde(default)]
    raw_path: Option<FirstText>,
    #[serde(default)]
    request_context: Lenient<RequestContext>,
    #[serde(default)]
    headers: Option<Texts>,
    #[serde(default)]
    multi_value_headers: Option<Texts>,
    #[serde(default)]
    cookies: JoinedTexts,
    #[serde(default)]
    query_string: Texts,
    #[serde(default)]
    query_string_parameters: Texts,
    #[serde(default)]
    multi_value_query_string_parameters: Texts,
    #[serde(default)]
    raw_query_string: Texts,
    #[serde(borrow, default)]
    body: Body<'a>,
    #[serde(default)]
    is_base64_encoded: Option<bool>,
}

/// A field that gateways write; other people's fields of the same name may hold anything.
#[derive(Deserialize)]
#[serde(untagged)]
enum Lenient<T> {
    Known(T),
    Other(IgnoredAny),
}

impl<T> Default for Lenient<T> {
    fn default() -> Self {
        Self::Other(IgnoredAny)
    }
}

#[derive(Deserialize)]
struct RequestContext {
    http: Option<HttpContext>,
    elb: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct HttpContext {
    method: Option<String>,
    path: Option<String>,
}

impl<'a> Fields<'a> {
    fn into_event(mut self, options: Texts) -> Event<'a> {
        let (body, is_base64) = (std::mem::take(&mut self.body), self.is_base64_encoded.unwrap_or(false));
        let http = self.into_request();
        // What gateways write beside a request is no caller's wish.
        let fields = if http.is_some() { Texts::NONE } else { options };
        Event { http, is_json: true, fields, settings: &NO_SETTINGS, body, is_base64 }
    }

    fn into_request(self) -> Option<HttpRequest> {
        if self.http_method.is_none() && self.raw_path.is_none() {
            return None;
        }
        let (http, has_balancer) = match self.request_context {
            Lenient::Known(context) => (context.http, context.elb.is_some()),
            Lenient::Other(_) => (None, false),
        };
        let form = match (&self.raw_path, has_balancer, &self.headers) {
            (Some(_), ..) => HttpForm::Payload2,
            (None, false, _) => HttpForm::Rest,
            (None, true, Some(_)) => HttpForm::Balancer,
            (None, true, None) => HttpForm::BalancerLists,
        };
        let (method, path) = http.map_or((None, None), |http| (http.method, http.path));
        let mut headers = self.headers.unwrap_or_default().with_lower_case_names();
        headers.fill_from(self.multi_value_headers.unwrap_or_default().with_lower_case_names());
        headers.fill("cookie", self.cookies.0);
        let mut query = self.query_string;
        query.fill_from(self.query_string_parameters);
        query.fill_from(self.multi_value_query_string_parameters);
        query.fill_from(self.raw_query_string);
        let text = |first: Option<FirstText>| first.and_then(|text| text.0);
        Some(HttpRequest {
            form,
            method: self.http_method.map(Cow::into_owned).or(method).unwrap_or_else(|| "POST".to_owned()),
            path: text(self.raw_path).or(self.path.0).or(path).unwrap_or_else(|| "/".to_owned()),
            headers,
            query,
        })
    }
}

#[cfg(test)]
mod tests;
