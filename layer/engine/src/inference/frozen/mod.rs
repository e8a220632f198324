//! Frozen TensorFlow graphs: turned into TensorFlow Lite models at their first run, or given to TensorFlow itself.

mod backend;
mod converted;
mod index;
#[cfg(test)]
mod tests;

pub use backend::Graphs;
