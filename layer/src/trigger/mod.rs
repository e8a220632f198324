//! Triggers: each gets an event, hands it to the engine and gives the answer back. They know nothing of pictures.

pub mod run;
pub mod scf;
pub mod serve;
pub mod shutdown;
