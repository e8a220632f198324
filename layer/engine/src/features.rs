//! The parts of WebAssembly that modules may use: those of WebAssembly 2.0, which is what compilers emit for
//! wasm32-wasip1 and what WasmEdge's compiled code is known to check.
//!
//! WasmEdge is set to the same parts, and refuses the others in words of its own, the compiler only once it is at work.
//! This module finds them before and names them. 64-bit memories matter most: WasmEdge 0.17.1 compiles accesses to them
//! without checking their bounds.

use wasmparser::{
    BlockType, CompositeInnerType, ConstExpr, DataKind, Element, ElementItems, ElementKind, GlobalType,
    MemoryType, Operator, Parser, Payload, RecGroup, RefType, TableInit, TableType, TypeRef, ValType,
};

pub(super) const SEVERAL_MEMORIES: &str = "several memories";
const MEMORY_64: &str = "a 64-bit memory";
const TABLE_64: &str = "a 64-bit table";
const SHARED_MEMORY: &str = "a memory shared between threads";
const PAGE_SIZE: &str = "a memory with pages of its own size";
const GARBAGE_COLLECTION: &str = "garbage-collected types";
const EXCEPTIONS: &str = "exceptions";
const THREADS: &str = "threads";
const EXTENDED_CONSTANTS: &str = "extended constant expressions";

/// What `payload` needs beyond the accepted parts, as far as sections tell (memories and code apart). What can't be read is
/// for WasmEdge to refuse.
pub(super) fn of_section(payload: &Payload<'_>) -> Option<&'static str> {
    match payload {
        Payload::TypeSection(section) => section.clone().into_iter().find_map(|group| match group {
            Ok(group) => of_types(group),
            Err(_) => Some(GARBAGE_COLLECTION),
        }),
        Payload::TableSection(section) => section.clone().into_iter().flatten().find_map(|table| {
            let of_init = || match &table.init {
                TableInit::RefNull => None,
                TableInit::Expr(_) => Some(GARBAGE_COLLECTION),
            };
            of_table(&table.ty).or_else(of_init)
        }),
        Payload::ImportSection(section) => {
            section.clone().into_imports().flatten().find_map(|import| match import.ty {
                TypeRef::Table(table) => of_table(&table),
                TypeRef::Global(global) => of_global(global),
                TypeRef::Tag(_) => Some(EXCEPTIONS),
                _ => None,
            })
        }
        Payload::GlobalSection(section) => section
            .clone()
            .into_iter()
            .flatten()
            .find_map(|global| of_global(global.ty).or_else(|| of_constant(&global.init_expr))),
        Payload::ElementSection(section) => section.clone().into_iter().flatten().find_map(of_elements),
        Payload::DataSection(section) => {
            section.clone().into_iter().flatten().find_map(|data| match data.kind {
                DataKind::Active { offset_expr, .. } => of_constant(&offset_expr),
                DataKind::Passive => None,
            })
        }
        Payload::TagSection(_) => Some(EXCEPTIONS),
        _ => None,
    }
}

fn of_types(group: RecGroup) -> Option<&'static str> {
    if group.is_explicit_rec_group() {
        return Some(GARBAGE_COLLECTION);
    }
    group.into_types().find_map(|kind| match kind.composite_type.inner {
        CompositeInnerType::Func(function) => {
            function.params().iter().chain(function.results()).find_map(|&value| of_value(value))
        }
        _ => Some(GARBAGE_COLLECTION),
    })
}

fn of_value(value: ValType) -> Option<&'static str> {
    match value {
        ValType::Ref(reference) => of_reference(reference),
        _ => None,
    }
}

fn of_reference(reference: RefType) -> Option<&'static str> {
    match reference {
        RefType::FUNCREF | RefType::EXTERNREF => None,
        RefType::EXN | RefType::EXNREF => Some(EXCEPTIONS),
        _ => Some(GARBAGE_COLLECTION),
    }
}

fn of_table(table: &TableType) -> Option<&'static str> {
    if table.table64 { Some(TABLE_64) } else { of_reference(table.element_type) }
}

fn of_global(global: GlobalType) -> Option<&'static str> {
    if global.shared { Some(THREADS) } else { of_value(global.content_type) }
}

fn of_elements(elements: Element<'_>) -> Option<&'static str> {
    let of_offset = match elements.kind {
        ElementKind::Active { offset_expr, .. } => of_constant(&offset_expr),
        _ => None,
    };
    of_offset.or_else(|| match elements.items {
        ElementItems::Functions(_) => None,
        ElementItems::Expressions(kind, items) => {
            of_reference(kind).or_else(|| items.into_iter().flatten().find_map(|item| of_constant(&item)))
        }
    })
}

/// Constants may be numbers, references and other globals; sums of them came later.
fn of_constant(constant: &ConstExpr<'_>) -> Option<&'static str> {
    constant.get_operators_reader().into_iter().flatten().find_map(|operator| match operator {
        Operator::I32Const { .. }
        | Operator::I64Const { .. }
        | Operator::F32Const { .. }
        | Operator::F64Const { .. }
        | Operator::V128Const { .. }
        | Operator::GlobalGet { .. }
        | Operator::RefNull { .. }
        | Operator::RefFunc { .. }
        | Operator::End => None,
        other => of_operator(&other).or(Some(EXTENDED_CONSTANTS)),
    })
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

/// The first part beyond the accepted ones that the code of the module in `wasm` needs. Takes as long as reading all of it.
pub(super) fn of_code(wasm: &[u8]) -> Option<&'static str> {
    for payload in Parser::new(0).parse_all(wasm) {
        if let Payload::CodeSectionEntry(body) = payload.ok()? {
            let of_locals =
                body.get_locals_reader().ok()?.into_iter().flatten().find_map(|(_, value)| of_value(value));
            let mut operators = body.get_operators_reader().ok()?;
            if of_locals.is_some() {
                return of_locals;
            }
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
    let of_operand = match operator {
        Operator::Block { blockty: BlockType::Type(value) }
        | Operator::Loop { blockty: BlockType::Type(value) }
        | Operator::If { blockty: BlockType::Type(value) }
        | Operator::TypedSelect { ty: value } => of_value(*value),
        _ => None,
    };
    of_operand.or_else(|| wasmparser::for_each_operator!(by_proposal))
}

fn name_of(proposal: &str) -> Option<&'static str> {
    match proposal {
        "mvp" | "sign_extension" | "saturating_float_to_int" | "bulk_memory" | "reference_types" | "simd" => {
            None
        }
        "exceptions" | "legacy_exceptions" => Some(EXCEPTIONS),
        "tail_call" => Some("tail calls"),
        "threads" | "shared_everything_threads" => Some(THREADS),
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
    use crate::limits::Limits;
    use crate::{EngineConfig, LoadedModule, Outline, Processor, compile};

    /// Why the module in WebAssembly text is refused before it is loaded or compiled.
    fn refusal(wat: &str) -> Option<String> {
        let wasm = wat::parse_str(wat).unwrap();
        let outline = Outline::read("a.wasm", &wasm).unwrap();
        outline
            .check("a.wasm", Limits::default())
            .and_then(|()| Outline::check_features("a.wasm", &wasm))
            .err()
            .map(|error| error.to_string())
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
            (
                "(func (drop (i32x4.relaxed_trunc_f32x4_s (v128.const i32x4 0 0 0 0))))",
                "relaxed vector instructions",
            ),
            ("(func (block $b (try_table (catch_all $b))))", EXCEPTIONS),
            ("(tag $t) (func (throw $t))", EXCEPTIONS),
            ("(import \"a\" \"b\" (tag))", EXCEPTIONS),
            ("(func (local exnref))", EXCEPTIONS),
            ("(table 1 exnref)", EXCEPTIONS),
            (
                "(type $f (func)) (table 1 funcref) (func (return_call_indirect (type $f) (i32.const 0)))",
                "tail calls",
            ),
            ("(global i32 (i32.add (i32.const 1) (i32.const 2)))", EXTENDED_CONSTANTS),
            ("(global i64 (i64.mul (i64.const 1) (i64.const 2)))", EXTENDED_CONSTANTS),
            ("(memory 1) (data (i32.sub (i32.const 2) (i32.const 1)) \"a\")", EXTENDED_CONSTANTS),
            (
                "(table 9 funcref) (func $f) (elem (i32.add (i32.const 2) (i32.const 1)) $f)",
                EXTENDED_CONSTANTS,
            ),
            ("(func (param anyref))", GARBAGE_COLLECTION),
            ("(func (result i31ref) unreachable)", GARBAGE_COLLECTION),
            ("(func (local structref))", GARBAGE_COLLECTION),
            ("(func (block (result eqref) unreachable) drop)", GARBAGE_COLLECTION),
            ("(table 1 anyref)", GARBAGE_COLLECTION),
            ("(table 1 funcref (ref.null func))", GARBAGE_COLLECTION),
            ("(global anyref (ref.null any))", GARBAGE_COLLECTION),
            ("(import \"a\" \"b\" (global anyref))", GARBAGE_COLLECTION),
            ("(type $f (func)) (func (param (ref $f)) (call_ref $f (local.get 0)))", GARBAGE_COLLECTION),
            (
                "(func (param i64 i64) (drop (i64.add128 (i64.const 1) (i64.const 1) (i64.const 1) (i64.const 1))) drop)",
                "wide arithmetic",
            ),
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
            let wasm = wat::parse_str(wat).unwrap();
            LoadedModule::load("a.wasm", &wasm, &EngineConfig::default()).unwrap();
            compile(&wasm, Processor::Generic, tempfile::tempdir().unwrap().path()).unwrap();
        }
    }
}
