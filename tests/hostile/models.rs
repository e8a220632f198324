//! Models that are broken on purpose. (What exactly is verified: `layer/engine/src/inference/verify/tests.rs`.)

use engine::Sha256Sum;
use engine::inference::ModelPolicy;

use crate::guest::{Call, EXIT, Guest, event, model};
use crate::memory_layout::MODEL_BYTES;

const INVALID_ARGUMENT: u32 = 1;

/// The result of making a session over this model, in place of the project's.
fn create(guest: &Guest, model: &[u8]) -> u32 {
    let call = Call::ordinary("create_session").with(1, model.len() as u32);
    guest.send(event(&[call], true, model)).unwrap().exit_code - EXIT
}

fn find(model: &[u8], bytes: &[u8]) -> usize {
    model.windows(bytes.len()).position(|window| window == bytes).unwrap()
}

fn bytes(numbers: &[i32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}

/// The project's model with these bytes in place of the first that are like those.
fn changed(like: &[u8], now: &[u8]) -> Vec<u8> {
    let mut model = model();
    let at = find(&model, like);
    model[at..at + now.len()].copy_from_slice(now);
    model
}

#[test]
fn a_truncated_model_is_refused_whatever_is_left_of_it() {
    let guest = Guest::start_with(ModelPolicy::Any);
    for length in [0, 4, 8, 16, 100, 1_000, 100_000, MODEL_BYTES as usize / 2, MODEL_BYTES as usize - 1_000] {
        assert_eq!(create(&guest, &model()[..length]), INVALID_ARGUMENT, "{length} bytes");
    }
    guest.assert_answers();
}

#[test]
fn a_model_whose_offsets_lead_out_of_it_is_refused() {
    let guest = Guest::start_with(ModelPolicy::Any);
    for offset in [3_u32, MODEL_BYTES - 2, MODEL_BYTES, 1 << 31, u32::MAX] {
        let mut model = model();
        model[..4].copy_from_slice(&offset.to_le_bytes());
        assert_eq!(create(&guest, &model), INVALID_ARGUMENT, "{offset:#x}");
    }
    guest.assert_answers();
}

#[test]
fn a_model_that_asks_for_gigabytes_is_refused_before_it_gets_them() {
    let guest = Guest::start_with(ModelPolicy::Any);
    for side in [20_000, 1 << 20, i32::MAX] {
        let model = changed(&bytes(&[1, 192, 192, 3]), &bytes(&[1, side, side, 3]));
        assert_eq!(create(&guest, &model), INVALID_ARGUMENT, "{side}");
    }
    guest.assert_answers();
}

#[test]
fn a_model_that_is_sound_but_unknown_is_refused_until_its_sha256_is_allowed() {
    let unknown = changed(b"MLIR Converted.", b"mlir");
    let guest = Guest::start();
    assert_eq!(create(&guest, &unknown), INVALID_ARGUMENT);
    guest.assert_answers();
    for policy in [ModelPolicy::known_and([Sha256Sum::of(&unknown)]), ModelPolicy::Any] {
        assert_eq!(create(&Guest::start_with(policy), &unknown), 0);
    }
}

/// A module with the project's model in its data. The event says how much is added to a byte amid the model; then the
/// module writes it (0 too, unless the event is empty), makes a session and exits with the result.
fn module_with_the_model() -> String {
    let data: String = model().iter().map(|byte| format!("\\{byte:02x}")).collect();
    let (start, amid) = (1 << 16, (1 << 16) + MODEL_BYTES / 2);
    format!(
        r#"(module
            (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
            (import "wasmedge_tensorflowlite" "create_session"
                (func $create_session (param i32 i32 i32) (result i32)))
            (memory (export "memory") 64)
            (data (i32.const {start}) "{data}")
            (func (export "_start")
                (i32.store (i32.const 0) (i32.const 100))
                (i32.store (i32.const 4) (i32.const 1))
                (drop (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
                (if (i32.load (i32.const 8)) (then
                    (i32.store8 (i32.const {amid})
                        (i32.add (i32.load8_u (i32.const {amid})) (i32.load8_u (i32.const 100))))))
                (call $proc_exit (call $create_session (i32.const {start}) (i32.const {MODEL_BYTES}) (i32.const 12)))))"#
    )
}

#[test]
fn a_model_that_an_event_changed_in_its_module_s_data_is_not_taken_for_the_one_that_was_there() {
    let guest = Guest::start_wat(&module_with_the_model(), ModelPolicy::default());
    let result = |event: &[u8]| guest.send(event.to_vec()).unwrap().exit_code;
    for _ in 0..3 {
        assert_eq!(result(&[]), 0, "as it was");
        assert_ne!(result(&[1]), 0, "another byte amid it");
        assert_eq!(result(&[0]), 0, "the same byte, written");
    }
}
