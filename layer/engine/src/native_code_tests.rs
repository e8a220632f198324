//! Native code answers as the interpreter does, instruction by instruction: where the compiler has no machine instruction it
//! calls a function of C's library, which nothing links, and such a call is the end of a worker.

use std::fmt::Write as _;
use std::time::Duration;

use bytes::Bytes;

use super::*;

/// Values at the edges, as bits; whole and half numbers, ends of ranges, infinities, NaN, and the least there is.
const SINGLES: [f32; 22] = [
    0.0,
    -0.0,
    0.5,
    -0.5,
    1.5,
    -1.5,
    2.5,
    -2.5,
    0.499_999_97,
    8_388_607.5,
    -8_388_609.0,
    2_147_483_520.0,
    -2_147_483_648.0,
    4_294_967_040.0,
    9_223_371_487_098_961_920.0,
    1.844_674_3e19,
    f32::MAX,
    f32::MIN_POSITIVE,
    f32::INFINITY,
    f32::NEG_INFINITY,
    f32::NAN,
    1e-45,
];
const DOUBLES: [f64; 22] = [
    0.0,
    -0.0,
    0.5,
    -0.5,
    1.5,
    -1.5,
    2.5,
    -2.5,
    0.499_999_999_999_999_94,
    4_503_599_627_370_495.5,
    2_147_483_647.9,
    -2_147_483_648.9,
    4_294_967_295.9,
    9_223_372_036_854_774_784.0,
    -9_223_372_036_854_775_808.0,
    18_446_744_073_709_549_568.0,
    f64::MAX,
    f64::MIN_POSITIVE,
    f64::INFINITY,
    f64::NEG_INFINITY,
    f64::NAN,
    5e-324,
];
const INTEGERS: [u64; 10] =
    [0, 1, 31, 0x7F, 0x80, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF_8000_0000, i64::MAX as u64, i64::MIN as u64];

/// Where the singles, doubles and integers start in the module's memory, and the results.
const PLACES: [usize; 4] = [1024, 2048, 3072, 4096];

/// What an instruction takes: values of one of the tables.
#[derive(Clone, Copy)]
enum Takes {
    Single,
    Double,
    Int32,
    Int64,
    Singles,
    Doubles,
    Integers,
}

impl Takes {
    /// The address of the value of this number, the same as code that loads it.
    fn load(self, number: usize) -> String {
        let (table, size, instruction) = match self {
            Self::Single => (0, 4, "f32.load"),
            Self::Double => (1, 8, "f64.load"),
            Self::Int32 => (2, 8, "i32.load"),
            Self::Int64 => (2, 8, "i64.load"),
            Self::Singles => (0, 4, "v128.load"),
            Self::Doubles => (1, 8, "v128.load"),
            Self::Integers => (2, 8, "v128.load"),
        };
        format!("({instruction} (i32.const {}))", PLACES[table] + number * size)
    }

    fn count(self) -> usize {
        match self {
            Self::Single => SINGLES.len(),
            Self::Double => DOUBLES.len(),
            Self::Int32 | Self::Int64 => INTEGERS.len(),
            Self::Singles => SINGLES.len() - 3,
            Self::Doubles => DOUBLES.len() - 1,
            Self::Integers => INTEGERS.len() - 1,
        }
    }
}

/// A function `_start` that stores what the instructions make of the values, and prints it.
#[derive(Default)]
struct Program {
    code: String,
    results: usize,
}

impl Program {
    /// Stores `value`, in whose place 0 stands where it is no number: which NaN it is is left open.
    fn store(&mut self, value: &str, result: &str) {
        let at = PLACES[3] + 16 * self.results;
        self.results += 1;
        let stored = match result {
            "f32" | "f64" => format!(
                "(local.set ${result} {value}) (if ({result}.eq (local.get ${result}) (local.get ${result}))
                   (then ({result}.store (i32.const {at}) (local.get ${result}))))"
            ),
            "f32x4" | "f64x2" => format!(
                "(local.set $v {value}) (v128.store (i32.const {at})
                   (v128.and (local.get $v) ({result}.eq (local.get $v) (local.get $v))))"
            ),
            _ => format!("({result}.store (i32.const {at}) {value})"),
        };
        self.code.push_str(&stored);
    }

    fn one(&mut self, instructions: &[&str], takes: Takes, result: &str) {
        for instruction in instructions {
            for number in 0..takes.count() {
                self.store(&format!("({instruction} {})", takes.load(number)), result);
            }
        }
    }

    fn two(&mut self, instructions: &[&str], takes: Takes, result: &str) {
        for instruction in instructions {
            for (first, second) in
                (0..takes.count()).flat_map(|first| (0..takes.count()).map(move |second| (first, second)))
            {
                if (first + second) % 3 != 0 {
                    continue;
                }
                self.store(&format!("({instruction} {} {})", takes.load(first), takes.load(second)), result);
            }
        }
    }

    fn module(&self) -> String {
        let bytes = |place: usize, bytes: Vec<u8>| {
            let text = bytes.iter().fold(String::new(), |mut text, byte| {
                write!(text, "\\{byte:02x}").unwrap();
                text
            });
            format!("(data (i32.const {place}) \"{text}\")")
        };
        let end = PLACES[3] + 16 * self.results;
        let mut answer = u32::try_from(PLACES[3]).unwrap().to_le_bytes().to_vec();
        answer.extend(u32::try_from(16 * self.results).unwrap().to_le_bytes());
        format!(
            r#"(module
                (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
                (memory (export "memory") {}) {} {} {} {}
                (func (export "_start") (local $f32 f32) (local $f64 f64) (local $v v128) {}
                  (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))"#,
            end / 65_536 + 1,
            bytes(0, answer),
            bytes(PLACES[0], SINGLES.iter().flat_map(|value| value.to_le_bytes()).collect()),
            bytes(PLACES[1], DOUBLES.iter().flat_map(|value| value.to_le_bytes()).collect()),
            bytes(PLACES[2], INTEGERS.iter().flat_map(|value| value.to_le_bytes()).collect()),
            self.code
        )
    }
}

fn printed(wasm: &[u8], code: CodeSource) -> Vec<u8> {
    let config = EngineConfig { code, ..EngineConfig::default() };
    let engine = Engine::start(wasm, &config).unwrap();
    engine.call(Bytes::new(), Some(Duration::from_secs(20))).unwrap().stdout
}

/// Native code for either kind of processor prints what the interpreter prints.
fn assert_same(program: &Program) {
    wasmedge_sdk::LogManager::log_off();
    let wasm = wat::parse_str(program.module()).unwrap();
    let interpreted = printed(&wasm, CodeSource::Interpret);
    assert_eq!(interpreted.len(), 16 * program.results);
    for processor in [Processor::Native, Processor::Generic] {
        let compiled = compile(&wasm, processor, tempfile::tempdir().unwrap().path()).unwrap();
        let native = printed(&compiled, CodeSource::Native);
        let differs =
            native.chunks(16).zip(interpreted.chunks(16)).position(|(native, other)| native != other);
        assert_eq!(differs, None, "{processor:?}, of {} results", program.results);
    }
}

#[test]
fn numbers_are_rounded_and_compared_as_by_the_interpreter() {
    let mut program = Program::default();
    for (name, takes, result) in [("f32", Takes::Single, "f32"), ("f64", Takes::Double, "f64")] {
        let one =
            ["floor", "ceil", "trunc", "nearest", "sqrt", "abs", "neg"].map(|end| format!("{name}.{end}"));
        program.one(&one.each_ref().map(String::as_str), takes, result);
        let two = ["min", "max", "copysign", "add", "sub", "mul", "div"].map(|end| format!("{name}.{end}"));
        program.two(&two.each_ref().map(String::as_str), takes, result);
    }
    assert_same(&program);
}

#[test]
fn numbers_of_one_type_become_those_of_another_as_by_the_interpreter() {
    let mut program = Program::default();
    for (from, takes) in [("f32", Takes::Single), ("f64", Takes::Double)] {
        for to in ["i32", "i64"] {
            let names = ["s", "u"].map(|sign| format!("{to}.trunc_sat_{from}_{sign}"));
            program.one(&names.each_ref().map(String::as_str), takes, to);
            // The ones that trap get values that fit every type.
            for sign in ["s", "u"] {
                for number in [0, 1, 2, 3, 4, 6, 8] {
                    program.store(&format!("({to}.trunc_{from}_{sign} {})", takes.load(number)), to);
                }
            }
        }
    }
    for (from, takes) in [("i32", Takes::Int32), ("i64", Takes::Int64)] {
        for to in ["f32", "f64"] {
            let names = ["s", "u"].map(|sign| format!("{to}.convert_{from}_{sign}"));
            program.one(&names.each_ref().map(String::as_str), takes, to);
        }
        let names = ["clz", "ctz", "popcnt"].map(|end| format!("{from}.{end}"));
        program.one(&names.each_ref().map(String::as_str), takes, from);
        let names = ["mul", "rotl", "rotr", "shl", "shr_s", "shr_u"].map(|end| format!("{from}.{end}"));
        program.two(&names.each_ref().map(String::as_str), takes, from);
    }
    program.one(&["f64.promote_f32"], Takes::Single, "f64");
    program.one(&["f32.demote_f64"], Takes::Double, "f32");
    assert_same(&program);
}

#[test]
fn vectors_of_numbers_are_rounded_and_converted_as_by_the_interpreter() {
    let mut program = Program::default();
    for (name, takes) in [("f32x4", Takes::Singles), ("f64x2", Takes::Doubles)] {
        let one =
            ["floor", "ceil", "trunc", "nearest", "sqrt", "abs", "neg"].map(|end| format!("{name}.{end}"));
        program.one(&one.each_ref().map(String::as_str), takes, name);
        let two = ["min", "max", "pmin", "pmax", "add", "mul", "div"].map(|end| format!("{name}.{end}"));
        program.two(&two.each_ref().map(String::as_str), takes, name);
    }
    program.one(&["i32x4.trunc_sat_f32x4_s", "i32x4.trunc_sat_f32x4_u"], Takes::Singles, "v128");
    program.one(&["i32x4.trunc_sat_f64x2_s_zero", "i32x4.trunc_sat_f64x2_u_zero"], Takes::Doubles, "v128");
    program.one(&["f64x2.promote_low_f32x4"], Takes::Singles, "f64x2");
    program.one(&["f32x4.demote_f64x2_zero"], Takes::Doubles, "f32x4");
    program.one(&["f32x4.convert_i32x4_s", "f32x4.convert_i32x4_u"], Takes::Integers, "f32x4");
    program.one(&["f64x2.convert_low_i32x4_s", "f64x2.convert_low_i32x4_u"], Takes::Integers, "f64x2");
    assert_same(&program);
}

/// Of a vector, with a vector for a result.
const OF_ONE_VECTOR: &str = "i8x16.popcnt i8x16.abs i16x8.abs i32x4.abs i64x2.abs i16x8.extadd_pairwise_i8x16_s \
    i16x8.extadd_pairwise_i8x16_u i32x4.extadd_pairwise_i16x8_s i32x4.extadd_pairwise_i16x8_u \
    i16x8.extend_high_i8x16_s i32x4.extend_low_i16x8_u i64x2.extend_high_i32x4_s v128.not";

/// Of a vector, with a number for a result.
const TESTS: &str = "i8x16.all_true i16x8.all_true i32x4.all_true i64x2.all_true v128.any_true i8x16.bitmask i16x8.bitmask \
    i32x4.bitmask i64x2.bitmask";

/// Of two vectors.
const OF_TWO_VECTORS: &str = "i8x16.swizzle i8x16.avgr_u i16x8.avgr_u i16x8.q15mulr_sat_s i32x4.dot_i16x8_s i64x2.mul i32x4.mul i16x8.mul \
    i8x16.narrow_i16x8_s i8x16.narrow_i16x8_u i16x8.narrow_i32x4_s i16x8.narrow_i32x4_u i8x16.add_sat_s \
    i8x16.add_sat_u i16x8.sub_sat_s i16x8.sub_sat_u i8x16.min_s i8x16.max_u i16x8.min_u i32x4.min_s i32x4.max_u \
    i64x2.gt_s i64x2.eq i16x8.extmul_low_i8x16_s i32x4.extmul_high_i16x8_u i64x2.extmul_low_i32x4_s v128.andnot";

fn list(names: &'static str) -> Vec<&'static str> {
    names.split(' ').collect()
}

#[test]
fn vectors_of_integers_are_computed_as_by_the_interpreter() {
    let mut program = Program::default();
    program.one(&list(OF_ONE_VECTOR), Takes::Integers, "v128");
    program.one(&list(TESTS), Takes::Integers, "i32");
    program.two(&list(OF_TWO_VECTORS), Takes::Integers, "v128");
    for name in ["i8x16", "i16x8", "i32x4", "i64x2"] {
        for shift in ["shl", "shr_s", "shr_u"] {
            for number in 0..Takes::Integers.count() {
                let (value, places) = (Takes::Integers.load(number), Takes::Int32.load(number));
                program.store(&format!("({name}.{shift} {value} {places})"), "v128");
            }
        }
    }
    assert_same(&program);
}
