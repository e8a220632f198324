//! The guest, written as WAT from the list of all functions that it may import.
//!
//! Its input is a list of calls: a byte that chooses the function (modulo their number), then its arguments. An
//! argument is a byte, and what follows that byte:
//!
//! | byte | argument |
//! | --- | --- |
//! | 0x00 to 0xBF | this number |
//! | 0xC0 to 0xDF | the address of a byte of the input; the next two bytes are its index |
//! | 0xE0 to 0xEF | the number in the next four bytes |
//! | 0xF0 to 0xFF | the number in memory at such an address, which may be the result of an earlier call |
//!
//! An argument of 64 bits takes two of them.

use std::fmt::Write as _;

use engine::host::Offered;
use wasmedge_sdk::ValType;

/// Where the input lies, how much of it is read, and the guest's whole memory in pages of 64 KiB.
const INPUT: u32 = 0x1_0000;
const INPUT_BYTES: u32 = 0xF_0000;
const PAGES: u32 = 24;

/// Reads an argument at `$next`; the memory behind the input is large enough for one that begins on its last byte.
const ARGUMENT: &str = r#"
  (func $byte (result i32)
    (i32.load8_u (global.get $next))
    (global.set $next (i32.add (global.get $next) (i32.const 1))))
  (func $address (result i32)
    (i32.add (global.get $input) (i32.load16_u (global.get $next)))
    (global.set $next (i32.add (global.get $next) (i32.const 2))))
  (func $argument (result i32) (local $func_type i32)
    (local.set $func_type (call $byte))
    (if (i32.lt_u (local.get $func_type) (i32.const 0xC0)) (then (return (local.get $func_type))))
    (if (i32.lt_u (local.get $func_type) (i32.const 0xE0)) (then (return (call $address))))
    (if (i32.lt_u (local.get $func_type) (i32.const 0xF0)) (then
      (i32.load (global.get $next))
      (global.set $next (i32.add (global.get $next) (i32.const 4)))
      (return)))
    (i32.load (call $address)))
  (func $long (result i64)
    (i64.or
      (i64.shl (i64.extend_i32_u (call $argument)) (i64.const 32))
      (i64.extend_i32_u (call $argument))))
"#;

/// The guest's text.
pub(crate) fn wat() -> String {
    let mut imports = String::new();
    let mut calls = Vec::new();
    for Offered { module, name, func_type } in engine::host::offered() {
        let is_long = |parameter: &ValType| *parameter == ValType::I64;
        let types: String = func_type
            .args()
            .iter()
            .map(|parameter| if is_long(parameter) { " i64" } else { " i32" })
            .collect();
        let (has_result, result) = match func_type.returns() {
            [] => (false, ""),
            [ValType::I64, ..] => (true, "(result i64)"),
            _ => (true, "(result i32)"),
        };
        // Writing to a String can't fail.
        let _ =
            writeln!(imports, "  (import \"{module}\" \"{name}\" (func ${module}.{name} (param{types}) {result}))");
        let arguments: String = func_type
            .args()
            .iter()
            .map(|parameter| if is_long(parameter) { " (call $long)" } else { " (call $argument)" })
            .collect();
        let call = format!("(call ${module}.{name}{arguments})");
        calls.push(if has_result { format!("(drop {call})") } else { call });
    }
    format!(
        "(module\n{imports}  (memory (export \"memory\") {PAGES} {PAGES})
  (global $next (mut i32) (i32.const {INPUT}))
  (global $input i32 (i32.const {INPUT}))
  (data (i32.const 0) \"{}{}\")
{ARGUMENT}
  (func (export \"_start\") (local $end i32)
    (drop (call $wasi_snapshot_preview1.fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
    (local.set $end (i32.add (global.get $input) (i32.load (i32.const 8))))
    (block $done (loop $more
      (br_if $done (i32.ge_u (global.get $next) (local.get $end)))
{}
      (br $more)))))",
        escaped(INPUT),
        escaped(INPUT_BYTES),
        chosen(&calls)
    )
}

/// One of `calls`, chosen by a byte of the input.
fn chosen(calls: &[String]) -> String {
    let labels: String = (0..calls.len()).map(|number| format!(" {number}")).collect();
    let choice =
        format!("(br_table{labels} (i32.rem_u (call $byte) (i32.const {count})))", count = calls.len());
    let nested = format!("{}{choice}", "(block ".repeat(calls.len()));
    calls.iter().fold(nested, |text, call| format!("{text})\n{call}\n(br $more)\n"))
}

/// A number as a string of the text format, little-endian.
fn escaped(number: u32) -> String {
    number.to_le_bytes().iter().map(|byte| format!("\\{byte:02x}")).collect()
}
