//! What a function is started with: options for every event that does not say otherwise itself.

/// The argument of a module behind which a query such as `size=1024&background=blur` stands. Modules that know nothing of it ignore it
/// as they do any argument.
pub const QUERY_ARGUMENT: &str = "--query";
