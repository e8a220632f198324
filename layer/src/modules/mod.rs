//! Files of modules: which ones somebody vouches for, and what was compiled of others before.

mod cache;
mod known;
mod output;

pub use cache::Cache;
pub use known::known_modules;
pub use output::replace_file;
