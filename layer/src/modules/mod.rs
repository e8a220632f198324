//! Files of modules: which ones somebody vouches for, and which others were compiled before; and of models that modules load by
//! a name.

mod cache;
mod known;
mod module_file;
mod named_model;
mod output;
mod whole_file;

pub use cache::Cache;
pub use known::known_modules;
pub use module_file::{ModuleFile, file_of};
pub use named_model::{NamedModel, NamedModelError};
pub use output::{OutputFile, replace_file};
