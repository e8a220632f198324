//! Which models a module may run.

use crate::program::Vision;

#[test]
fn a_model_that_is_not_known_is_named_with_the_option_that_allows_it() {
    let wat = r#"(module
        (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
        (import "wasmedge_tensorflowlite" "create_session" (func $create (param i32 i32 i32) (result i32)))
        (memory (export "memory") 64)
        (data (i32.const 0) "\00\00\01\00\00\00\3c\00")
        (func (export "_start")
            (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
            (call $exit (i32.add (i32.const 10)
                (call $create (i32.const 65536) (i32.load (i32.const 8)) (i32.const 16))))))"#;
    let mut model = support::read("models/groceries/model.tflite");
    let description = b"MLIR Converted.";
    let at = model.windows(description.len()).position(|window| window == description).unwrap();
    model[at] = b'm';
    let call = |options: &[&str]| {
        let folder = tempfile::tempdir().unwrap();
        let module = folder.path().join("module.wasm");
        std::fs::write(&module, wat::parse_str(wat).unwrap()).unwrap();
        let call = Vision::new(&["run", "--code", "interpret"]).option("--wasm", module);
        options.iter().fold(call, |call, option| call.argument(option)).stdin(model.clone()).call()
    };
    let refused = call(&[]);
    assert!(refused.stderr.contains("exited with code 11 "), "{}", refused.stderr);
    let advice =
        refused.stderr.split("--allow-model ").nth(1).unwrap_or_else(|| panic!("{}", refused.stderr));
    let digest = advice.split(' ').next().unwrap();
    for options in [vec!["--allow-model", digest], vec!["--allow-any-model"]] {
        let allowed = call(&options);
        assert!(allowed.stderr.contains("exited with code 10 "), "{options:?}: {}", allowed.stderr);
    }
    let wrong = call(&["--allow-model", "abc"]);
    assert_eq!(wrong.code, Some(2));
    assert!(wrong.stderr.contains("64 hexadecimal digits"), "{}", wrong.stderr);
}
