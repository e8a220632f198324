//! One engine, many events: nothing that one does affects the next.

use std::time::Duration;

use bytes::Bytes;

use super::*;
use crate::limits::Limits;

/// Reads its event and does what the first letter says; then tells whether its memory was fresh.
const MODULE: &str = r#"
(module
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 2)
  (data (i32.const 0) "\40\00\00\00\ff\00\00\00")       ;; where the event goes: 255 bytes at 64
  (data (i32.const 16) "\00\02\00\00\05\00\00\00")      ;; the answer: 5 bytes at 512
  (data (i32.const 24) "\00\00\00\00\00\00\01\00")      ;; a page of the memory
  (data (i32.const 512) "freshstale")
  (func $nest (param i32) (result i32) (local i32)
    (i32.store (i32.const 40) (local.get 0))
    (local.set 1 (call $nest (i32.add (local.get 0) (i32.const 1))))
    (i32.add (i32.load (i32.const 40)) (local.get 1)))
  (func $nest_in_host (param i32) (result i32) (local i32)
    (drop (call $write (i32.const 2) (i32.const 16) (i32.const 1) (i32.const 32)))
    (local.set 1 (call $nest_in_host (i32.add (local.get 0) (i32.const 1))))
    (i32.add (i32.load (i32.const 40)) (local.get 1)))
  (func (export "_start") (local $letter i32)
    (if (i32.load (i32.const 1024)) (then (i32.store (i32.const 16) (i32.const 517))))
    (i32.store (i32.const 1024) (i32.const 1))
    (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 32)))
    (local.set $letter (i32.load8_u (i32.const 64)))
    (if (i32.eq (local.get $letter) (i32.const 108)) (then (loop $forever (br $forever))))
    (if (i32.eq (local.get $letter) (i32.const 116)) (then unreachable))
    (if (i32.eq (local.get $letter) (i32.const 98)) (then (i32.store (i32.const -8) (i32.const 1))))
    (if (i32.eq (local.get $letter) (i32.const 110)) (then (drop (call $nest (i32.const 0)))))
    (if (i32.eq (local.get $letter) (i32.const 104)) (then (drop (call $nest_in_host (i32.const 0)))))
    (if (i32.eq (local.get $letter) (i32.const 101)) (then (call $exit (i32.const 7))))
    (if (i32.eq (local.get $letter) (i32.const 112)) (then (loop $more
      (drop (call $write (i32.const 1) (i32.const 24) (i32.const 1) (i32.const 32)))
      (br $more))))
    (drop (call $write (i32.const 1) (i32.const 16) (i32.const 1) (i32.const 32)))))
"#;

struct Service {
    engine: Engine,
}

impl Service {
    fn start(code: CodeSource) -> Self {
        wasmedge_sdk::LogManager::log_off();
        let wasm = wat::parse_str(MODULE).unwrap();
        let wasm = match code {
            CodeSource::Compile => {
                compile(&wasm, Processor::Native, tempfile::tempdir().unwrap().path()).unwrap()
            }
            _ => wasm,
        };
        let limits = Limits { memory_mib: 16, answer_mib: 1, ..Limits::default() };
        let config = EngineConfig { limits, code, ..EngineConfig::default() };
        Self { engine: Engine::start(&wasm, &config).unwrap() }
    }

    fn call(&self, event: &'static str) -> Result<Answer, CallError> {
        self.engine.call(Bytes::from_static(event.as_bytes()), limit_of(event))
    }

    fn assert_answers(&self) {
        let answer = self.call("good").unwrap();
        assert_eq!((answer.exit_code, answer.stdout.as_slice()), (0, b"fresh".as_slice()));
    }
}

fn limit_of(event: &str) -> Option<Duration> {
    Some(match event {
        "loop" => Duration::from_millis(20),
        "late" => Duration::ZERO,
        // A guest that prints on after its limit is only stopped by the time limit.
        "print" => Duration::from_millis(100),
        _ => Duration::from_secs(10),
    })
}

#[test]
fn after_every_misbehaviour_the_next_event_is_answered_in_a_fresh_memory() {
    let service = Service::start(CodeSource::Compile);
    service.assert_answers();
    assert!(matches!(service.call("loop"), Err(CallError::Timeout { .. })));
    service.assert_answers();
    assert!(matches!(service.call("trap"), Err(CallError::Trap { .. })));
    service.assert_answers();
    assert!(matches!(service.call("bounds"), Err(CallError::Trap { .. })));
    service.assert_answers();
    assert!(matches!(service.call("nest"), Err(CallError::StackOverflow { .. })));
    service.assert_answers();
    assert!(matches!(service.call("host functions nested"), Err(CallError::StackOverflow { .. })));
    service.assert_answers();
    assert!(matches!(service.call("print"), Err(CallError::AnswerTooLarge { .. })));
    service.assert_answers();
    assert_eq!(service.call("exit").unwrap().exit_code, 7);
    service.assert_answers();
}

#[test]
fn an_event_whose_time_is_over_is_not_started() {
    let service = Service::start(CodeSource::Compile);
    let error = service.call("late").unwrap_err();
    assert!(matches!(error, CallError::Timeout { .. }));
    assert_eq!(error.to_string(), "the event's time limit was over before the module could be started");
    service.assert_answers();
}

#[test]
fn time_limits_of_engines_side_by_side_stop_only_their_own_event() {
    std::thread::scope(|scope| {
        for event in ["loop", "good", "loop", "good", "loop", "good"] {
            scope.spawn(move || {
                let service = Service::start(CodeSource::Compile);
                for _ in 0..20 {
                    let answer = service.call(event);
                    assert_eq!(answer.is_ok(), event == "good", "{event}: {answer:?}");
                }
            });
        }
    });
}

#[test]
fn an_interpreted_module_is_stopped_as_well() {
    let service = Service::start(CodeSource::Interpret);
    assert!(matches!(service.call("loop"), Err(CallError::Timeout { .. })));
    assert!(matches!(service.call("trap"), Err(CallError::Trap { .. })));
    service.assert_answers();
}
