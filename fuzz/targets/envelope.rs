//! Events of AWS Lambda: who sent them, and what storages say within the envelopes of other services.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| vision::trigger::lambda::fuzzing::envelope(input));
