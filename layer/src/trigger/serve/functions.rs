//! The functions of the service: which names they may have, and which one a request means.

use std::sync::Arc;

use contract::ErrorCode;
use contract::about::Answers;

use super::function::Function;
use super::problem::Problem;

/// The function that names what is on a picture, where nobody says otherwise.
pub(crate) const RECOGNIZE: &str = "recognize";

/// Letters of a name.
const MAX_LETTERS: usize = 32;

/// What stands below /v1/ already.
const TAKEN: [&str; 4] = ["functions", "history", "status", "uploads"];

/// Whether a function may have this name, which becomes a part of an address and of metrics.
///
/// # Errors
/// What was found, and what is accepted.
pub(crate) fn check_function_name(name: &str) -> Result<(), String> {
    let is_plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
    let begins = name.starts_with(|first: char| first.is_ascii_lowercase());
    if !begins || name.ends_with('-') || name.len() > MAX_LETTERS || !name.chars().all(is_plain) {
        return Err(format!(
            "found the name {name:?}, accepted are up to {MAX_LETTERS} lower case letters, digits and hyphens, a letter first"
        ));
    }
    if TAKEN.contains(&name) {
        return Err(format!(
            "found the name {name:?}, but /v1/{name} is the service's own, as are those of {}",
            TAKEN.join(", ")
        ));
    }
    Ok(())
}

/// The functions of the service.
#[derive(Debug)]
pub(super) struct Functions(Vec<Arc<Function>>);

impl Functions {
    /// In the order in which they were named.
    pub(super) fn new(functions: Vec<Function>) -> Self {
        Self(functions.into_iter().map(Arc::new).collect())
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Arc<Function>> {
        self.0.iter()
    }

    /// The one that `POST /v1/recognize` means without a model: that of this name, else the first that answers labels.
    pub(super) fn recognizer(&self) -> Option<&Arc<Function>> {
        let named = self.iter().find(|function| function.name == RECOGNIZE);
        named.or_else(|| self.recognizers().next())
    }

    /// The one whose name or whose model's name this is.
    ///
    /// # Errors
    /// `bad_request` with those that there are.
    pub(super) fn with_model(&self, model: &str) -> Result<&Arc<Function>, Problem> {
        let is_named = |function: &&Arc<Function>| function.name == model;
        let has_model = |function: &&Arc<Function>| function.model.as_deref() == Some(model);
        let found = self.recognizers().find(is_named).or_else(|| self.recognizers().find(has_model));
        found.ok_or_else(|| {
            let named = |function: &Arc<Function>| match &function.model {
                Some(model) if *model != function.name => format!("{} ({model})", function.name),
                _ => function.name.clone(),
            };
            let names: Vec<String> = self.recognizers().map(named).collect();
            let model: String = model.chars().take(100).collect();
            let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
            Problem::new(ErrorCode::BadRequest, format!("model is {model:?}, accepted here are: {names}"))
        })
    }

    /// The addresses of all of them, for messages.
    pub(super) fn addresses(&self) -> String {
        let addresses: Vec<String> =
            self.iter().map(|function| format!("POST {}", function.path())).collect();
        addresses.join(", ")
    }

    fn recognizers(&self) -> impl Iterator<Item = &Arc<Function>> {
        self.iter().filter(|function| function.name == RECOGNIZE || function.answers == Answers::Labels)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_part_of_an_address() {
        for name in ["recognize", "cutout", "beans-2", "a", &"x".repeat(MAX_LETTERS)] {
            assert_eq!(check_function_name(name), Ok(()), "{name}");
        }
        let long = "x".repeat(MAX_LETTERS + 1);
        for name in ["", "Cutout", "2beans", "-a", "a-", "a_b", "a/b", "a b", "豆", "..", &long] {
            assert!(check_function_name(name).unwrap_err().contains("accepted are"), "{name}");
        }
    }

    #[test]
    fn what_the_service_has_itself_is_refused_by_name() {
        for name in TAKEN {
            let message = check_function_name(name).unwrap_err();
            assert!(message.contains(&format!("/v1/{name} is the service's own")), "{message}");
        }
    }
}
