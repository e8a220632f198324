//! Files of modules: which ones somebody vouches for, and which others were compiled before.

mod cache;
mod known;
mod output;

pub use cache::Cache;
pub use known::known_modules;
pub use output::replace_file;
