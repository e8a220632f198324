//! Modules in WebAssembly text that answer small events at once, and do something else with a larger one, such as that of a
//! photo.

macro_rules! for_photos {
    ($code:literal) => {
        concat!(
            r#"(module
    (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 2)
    (data (i32.const 0) "\00\04\00\00\00\00\01\00") (data (i32.const 16) "\20\00\00\00\04\00\00\00") (data (i32.const 32) "done")
    (func (export "_start")
        (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
        (if (i32.gt_u (i32.load (i32.const 8)) (i32.const 5000)) (then "#,
            $code,
            r#"))
        (drop (call $write (i32.const 1) (i32.const 16) (i32.const 1) (i32.const 8)))))"#
        )
    };
}

/// Never ends with a photo.
pub(crate) const ENDLESS_FOR_PHOTOS: &str = for_photos!("(loop (br 0))");

/// Takes a long rest with a photo.
pub(crate) const RESTS_WITH_PHOTOS: &str = for_photos!(
    "(memory.fill (i32.const 100) (i32.const 0) (i32.const 48))
    (i64.store (i32.const 124) (i64.const 600000000000))
    (drop (call $poll (i32.const 100) (i32.const 200) (i32.const 1) (i32.const 300)))"
);
