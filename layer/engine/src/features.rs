//! The parts of WebAssembly that modules may use: those of WebAssembly 2.0, which is what compilers emit for
//! wasm32-wasip1 and what WasmEdge's compiled code is known to check.
//!
//! WasmEdge is set to the same parts and refuses the others; this module names them in the error. 64-bit memories matter
//! most: WasmEdge 0.17.1 compiles accesses to them without checking their bounds.

use wasmparser::{CompositeInnerType, MemoryType, Operator, Parser, Payload, TypeRef};

pub(super) const SEVERAL_MEMORIES: &str = "several memories";
const MEMORY_64: &str = "a 64-bit memory";
const TABLE_64: &str = "a 64-bit table";
const SHARED_MEMORY: &str = "a memory shared between threads";
const PAGE_SIZE: &str = "a memory with pages of its own size";
const GARBAGE_COLLECTION: &str = "garbage-collected types";
const EXCEPTIONS: &str = "exceptions";

/// What `payload` needs beyond the accepted parts, as far as sections tell (memories apart).
pub(super) fn of_section(payload: &Payload<'_>) -> Option<&'static str> {
    match payload {
        Payload::TypeSection(section) => {
            let is_function = |group: wasmparser::RecGroup| {
                group.types().all(|kind| matches!(kind.composite_type.inner, CompositeInnerType::Func(_)))
                    && !group.is_explicit_rec_group()
            };
            let all = section.clone().into_iter().all(|group| group.is_ok_and(is_function));
            (!all).then_some(GARBAGE_COLLECTION)
        }
        Payload::TableSection(section) => {
            let has_64_bits = |table: wasmparser::Table<'_>| table.ty.table64;
            section.clone().into_iter().flatten().any(has_64_bits).then_some(TABLE_64)
        }
        Payload::ImportSection(section) => {
            let of_import = |import: wasmparser::Import<'_>| match import.ty {
                TypeRef::Table(table) if table.table64 => Some(TABLE_64),
                TypeRef::Tag(_) => Some(EXCEPTIONS),
                _ => None,
            };
            section.clone().into_imports().flatten().find_map(of_import)
        }
        Payload::TagSection(_) => Some(EXCEPTIONS),
        _ => None,
    }
}

/// What a memory needs beyond the accepted parts.
pub(super) fn of_memory(memory: &MemoryType) -> Option<&'static str> {
    let needs = [
        (memory.memory64, MEMORY_64),
        (memory.shared, SHARED_MEMORY),
        (memory.page_size_log2.is_some(), PAGE_SIZE),
    ];
    needs.into_iter().find(|(is_needed, _)| *is_needed).map(|(_, name)| name)
}

/// Why WasmEdge refused the module in `wasm`: the part that its code needs beyond the accepted ones, if one is found, else
/// WasmEdge's own reason.
pub(super) fn reason(wasm: &[u8], said: &str) -> String {
    match in_code(wasm) {
        Some(feature) => format!("it uses {feature}, accepted is WebAssembly 2.0 ({said})"),
        None => said.to_owned(),
    }
}

fn in_code(wasm: &[u8]) -> Option<&'static str> {
    for payload in Parser::new(0).parse_all(wasm) {
        if let Payload::CodeSectionEntry(body) = payload.ok()? {
            let mut operators = body.get_operators_reader().ok()?;
            while !operators.eof() {
                if let Some(feature) = of_operator(&operators.read().ok()?) {
                    return Some(feature);
                }
            }
        }
    }
    None
}

/// The part of WebAssembly that an instruction belongs to, if it is not one of the accepted.
fn of_operator(operator: &Operator<'_>) -> Option<&'static str> {
    /// One arm for each instruction, by the proposal that wasmparser lists it under.
    macro_rules! by_proposal {
        ($(@$proposal:ident $name:ident $({ $($field:ident: $kind:ty),* })? => $visit:ident ($($text:tt)*))*) => {
            match operator {
                $(Operator::$name $({ $($field: _),* })? => name_of(stringify!($proposal)),)*
                _ => Some("an instruction that is not known"),
            }
        };
    }
    wasmparser::for_each_operator!(by_proposal)
}

fn name_of(proposal: &str) -> Option<&'static str> {
    match proposal {
        "mvp" | "sign_extension" | "saturating_float_to_int" | "bulk_memory" | "reference_types" | "simd" => {
            None
        }
        "exceptions" | "legacy_exceptions" => Some(EXCEPTIONS),
        "tail_call" => Some("tail calls"),
        "threads" | "shared_everything_threads" => Some("threads"),
        "gc" | "function_references" | "custom_descriptors" => Some(GARBAGE_COLLECTION),
        "relaxed_simd" => Some("relaxed vector instructions"),
        "memory_control" => Some("memory control"),
        "stack_switching" => Some("stack switching"),
        "wide_arithmetic" => Some("wide arithmetic"),
        _ => Some("an instruction beyond WebAssembly 2.0"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{EngineConfig, LoadedModule};

    /// Why the module in WebAssembly text is not loaded.
    fn refusal(wat: &str) -> Option<String> {
        wasmedge_sdk::LogManager::log_off();
        let wasm = wat::parse_str(wat).unwrap();
        LoadedModule::load("a.wasm", &wasm, &EngineConfig::default()).err().map(|error| error.to_string())
    }

    #[test]
    fn what_is_beyond_the_accepted_parts_is_refused_by_its_name() {
        let start = r#"(func (export "_start"))"#;
        for (wat, name) in [
            ("(memory i64 1)", MEMORY_64),
            ("(memory 1) (memory 1)", SEVERAL_MEMORIES),
            ("(memory 1 2 shared)", SHARED_MEMORY),
            ("(memory 1 (pagesize 1))", PAGE_SIZE),
            ("(table i64 1 funcref)", TABLE_64),
            ("(type (struct (field i32)))", GARBAGE_COLLECTION),
            ("(type (array i8))", GARBAGE_COLLECTION),
            ("(rec (type (func)) (type (func)))", GARBAGE_COLLECTION),
            ("(tag)", EXCEPTIONS),
            ("(func (return_call 0))", "tail calls"),
            ("(memory 1) (func (drop (i32.atomic.load (i32.const 0))))", "threads"),
            ("(func (drop (ref.i31 (i32.const 1))))", GARBAGE_COLLECTION),
            (
                "(func (drop (i8x16.relaxed_swizzle (v128.const i64x2 0 0) (v128.const i64x2 0 0))))",
                "relaxed vector instructions",
            ),
            ("(func (block $b (try_table (catch_all $b))))", EXCEPTIONS),
        ] {
            let message = refusal(&format!("(module {wat} {start})")).expect(wat);
            assert!(message.contains(&format!("uses {name}")), "{wat}: {message}");
        }
    }

    #[test]
    fn what_compilers_emit_is_accepted() {
        for wat in [
            r#"(module (memory 1) (func (export "_start") (memory.fill (i32.const 0) (i32.const 0) (i32.const 1))))"#,
            r#"(module (func (export "_start") (drop (i32.extend8_s (i32.trunc_sat_f32_s (f32.const 1))))))"#,
            r#"(module (func $two (result i32 i32) (i32.const 1) (i32.const 2))
                (func (export "_start") (call $two) (drop) (drop)))"#,
            r#"(module (table 1 funcref) (table 1 externref) (global (mut i32) (i32.const 1))
                (func (export "_start") (drop (table.size 1))))"#,
            r#"(module (func (export "_start") (drop (i8x16.add (v128.const i64x2 0 0) (v128.const i64x2 0 0)))))"#,
        ] {
            assert_eq!(refusal(wat), None, "{wat}");
        }
    }
}
