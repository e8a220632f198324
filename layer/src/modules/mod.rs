//! Files of modules: which ones somebody vouches for, and which others were compiled before.

mod cache;
mod known;
mod module_file;
mod output;

pub use cache::Cache;
pub use known::known_modules;
pub use module_file::{ModuleFile, file_of};
pub use output::{OutputFile, replace_file};
