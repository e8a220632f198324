//! Models made up of few tables, and modules of a few lines.

mod drafts;

use std::io::{Cursor, Write as _};

use packed::{Certainty, Element, Normalization, Packed, Quantization, Scores};
use proptest::prelude::*;
use wasmparser::{Parser, Payload};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::graft::block_of;
use crate::{GraftError, NativeCode, Options, PackError, Packing, Source, graft, pack};
use drafts::{MetadataDraft, ModelDraft, TensorDraft};

const SOFTMAX: i32 = 25;
const QUANTIZE: i32 = 114;
const CUSTOM: i32 = 32;

fn labels(names: &[&str]) -> Option<(Vec<String>, String)> {
    Some((names.iter().map(|name| (*name).to_owned()).collect(), "labels.txt".to_owned()))
}

fn options() -> Options {
    Options { labels: labels(&["a", "b", "c", "d"]), ..Options::default() }
}

fn packing(model: &[u8], options: &Options) -> Result<Packing, PackError> {
    pack(&Source::of_bytes("mine.tflite", model.to_vec())?, options)
}

fn refusal(draft: impl FnOnce(&mut ModelDraft), options: &Options) -> String {
    let mut model = ModelDraft::default();
    draft(&mut model);
    packing(&model.build(), options).unwrap_err().to_string()
}

fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// What a file says beside its model: metadata in it, and files behind it.
fn with_metadata(metadata: &MetadataDraft, files: &[(&str, &[u8])]) -> Vec<u8> {
    let draft = ModelDraft { metadata: Some(metadata.build()), ..ModelDraft::default() };
    let mut model = draft.build();
    model.extend(zip(files));
    model
}

#[test]
fn floating_point_with_a_softmax_is_understood() {
    let packing = packing(&ModelDraft::default().build(), &options()).unwrap();
    let packed = Packed::read(&packing.block).unwrap();
    let (input, output) = (&packed.description.input, &packed.description.output);
    assert_eq!((input.width, input.height, input.channels, input.element), (6, 5, 3, Element::Float32));
    assert_eq!(input.normalization, Some(Normalization { mean: [127.5; 3], std: [127.5; 3] }));
    assert_eq!((output.classes, output.scores, output.element), (4, Scores::Probabilities, Element::Float32));
    assert_eq!(packed.description.name, "mine");
    assert!(
        packing.findings.iter().any(|finding| finding.found.contains("assumed")),
        "{:?}",
        packing.findings
    );
}

#[test]
fn metadata_tells_labels_numbers_name_and_threshold() {
    let metadata = MetadataDraft {
        name: "leaves",
        mean: vec![120.0, 110.0, 100.0],
        std: vec![50.0],
        threshold: 0.2,
        files: vec![("labels.txt", ""), ("labels.zh.txt", "zh")],
    };
    let files: [(&str, &[u8]); 2] = [
        ("labels.txt", b"rust\nspot\nhealthy\nother\n"),
        ("labels.zh.txt", "锈病\n角斑病\n健康\n其他\n".as_bytes()),
    ];
    let model = with_metadata(&metadata, &files);
    let block = packing(&model, &Options::default()).unwrap().block;
    let packed = Packed::read(&block).unwrap();
    assert_eq!(packed.english().collect::<Vec<_>>(), ["rust", "spot", "healthy", "other"]);
    assert_eq!(packed.chinese().collect::<Vec<_>>(), ["锈病", "角斑病", "健康", "其他"]);
    let numbers = Normalization { mean: [120.0, 110.0, 100.0], std: [50.0; 3] };
    assert_eq!(packed.description.input.normalization, Some(numbers));
    assert_eq!((packed.description.name.as_str(), packed.description.unsure.below), ("leaves", Some(0.2)));
    let told = Options { mean: Some([1.0; 3]), threshold: Some(0.7), ..options() };
    let block = packing(&model, &told).unwrap().block;
    let packed = Packed::read(&block).unwrap();
    assert_eq!(packed.english().next(), Some("a"));
    let numbers = Normalization { mean: [1.0; 3], std: [1.0; 3] };
    assert_eq!(packed.description.input.normalization, Some(numbers));
    assert_eq!(packed.description.unsure.below, Some(0.7));
}

#[test]
fn a_model_that_quantises_its_numbers_tells_their_range() {
    for ((scale, zero_point), numbers) in [
        ((2.0 / 255.0, 0), ([127.5; 3], [127.5; 3])),
        ((1.0 / 255.0, -128), ([0.0; 3], [255.0; 3])),
        ((1.0, -128), ([0.0; 3], [1.0; 3])),
    ] {
        let mut draft = ModelDraft::default();
        draft.tensors.push(TensorDraft::new("quantised", &[1, 5, 6, 3]).quantized(9, scale, zero_point));
        draft.operators.push((QUANTIZE, ""));
        draft.steps = vec![(1, vec![0], vec![2]), (0, vec![2], vec![1])];
        let block = packing(&draft.build(), &options()).unwrap().block;
        let (mean, std) = numbers;
        let found = Packed::read(&block).unwrap().description.input.normalization;
        assert_eq!(found, Some(Normalization { mean, std }), "{scale} {zero_point}");
    }
}

#[test]
fn bytes_keep_their_scales() {
    let mut draft = ModelDraft::default();
    draft.tensors[0] = TensorDraft::new("in", &[1, 5, 6, 3]).quantized(9, 0.5, 3);
    draft.tensors[1] = TensorDraft::new("out", &[1, 4]).quantized(3, 0.25, 7);
    draft.operators = vec![(9, "")];
    let told = Options { mean: Some([0.0; 3]), std: Some([2.0; 3]), ..options() };
    for (options, kept) in [(options(), None), (told, Some(Quantization { scale: 0.5, zero_point: 3 }))] {
        let block = packing(&draft.build(), &options).unwrap().block;
        let description = Packed::read(&block).unwrap().description;
        assert_eq!(description.input.quantization, kept);
        assert_eq!(description.output.quantization, Some(Quantization { scale: 0.25, zero_point: 7 }));
        assert_eq!(description.output.scores, Scores::Logits);
    }
}

#[test]
fn what_can_t_work_is_refused_with_the_reason() {
    let refused = |change: fn(&mut ModelDraft), reason: &str| {
        let said = refusal(change, &options());
        assert!(said.contains(reason), "expected {reason:?}, found {said:?}");
    };
    refused(|it| it.operators[0] = (CUSTOM, "TFLite_Detection_PostProcess"), "it is a detection model");
    refused(|it| it.operators[0] = (CUSTOM, "edgetpu-custom-op"), "compiled for the Edge TPU");
    refused(|it| it.operators[0] = (CUSTOM, "FlexErf"), "TensorFlow's operator FlexErf");
    refused(|it| it.operators[0] = (CUSTOM, "Mine"), "does not know: Mine");
    refused(|it| it.tensors[0] = TensorDraft::new("ids", &[1, 128]).of_type(2), "a model for text");
    refused(|it| it.tensors[0] = TensorDraft::new("sound", &[1, 15_600]), "a model for sounds");
    refused(|it| it.tensors[0] = TensorDraft::new("in", &[1, 5, 6, 4]), "3 channels or 1");
    refused(|it| it.tensors[0] = TensorDraft::new("in", &[2, 5, 6, 3]), "a batch of one");
    refused(
        |it| it.tensors[0] = TensorDraft::new("in", &[1, 5, 6, 3]).of_type(1),
        "accepted are uint8, int8 and float32",
    );
    refused(|it| it.tensors[1] = TensorDraft::new("out", &[1, 5, 6, 2]), "a segmentation model");
    refused(|it| it.tensors[1] = TensorDraft::new("out", &[1, 2_535, 85]), "a detection model");
    refused(|it| it.tensors[1] = TensorDraft::new("out", &[1, 1]), "a single value");
    refused(|it| it.tensors[1] = TensorDraft::new("out", &[1, 4]).of_type(3), "has no scale");
    refused(|it| it.inputs = vec![0, 1], "it has 2 inputs");
    refused(|it| it.graphs = 2, "it has 2 graphs");
    refused(|it| it.outputs = vec![9], "lacks an input or output");
    let mut two = ModelDraft::default();
    two.tensors.push(TensorDraft::new("boxes", &[1, 10, 4]));
    two.outputs = vec![1, 2];
    two.steps[0].2 = vec![1, 2];
    assert!(packing(&two.build(), &options()).unwrap_err().to_string().contains("it has boxes"));
}

#[test]
fn options_that_do_not_go_with_a_model_are_refused() {
    let refused = |options: Options, reason: &str| {
        let said = refusal(|_| {}, &options);
        assert!(said.contains(reason), "expected {reason:?}, found {said:?}");
    };
    refused(
        Options { input_size: Some((7, 7)), ..options() },
        "--input-size is 7x7, but the model takes 6x5",
    );
    refused(Options { output: Some("other".to_owned()), ..options() }, "there is no output \"other\"");
    refused(Options { threshold: Some(1.5), ..options() }, "the threshold is 1.5");
    let energy = Options { threshold: Some(3.0), threshold_by: Some(Certainty::Energy), ..options() };
    refused(energy, "needs a model that answers logits");
    refused(Options { std: Some([0.0; 3]), ..options() }, "no std of 0");
}

#[test]
fn a_description_names_files_in_its_own_folder_only() {
    let folder = tempfile::tempdir().unwrap();
    let model = ModelDraft::default().build();
    std::fs::write(folder.path().join("model.tflite"), &model).unwrap();
    std::fs::create_dir(folder.path().join("inner")).unwrap();
    let manifest = folder.path().join("inner/model.toml");
    let ours =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../models/groceries/model.toml"))
            .unwrap();
    let named = ours.lines().find(|line| line.starts_with("file = ")).unwrap();
    let outside = folder.path().join("model.tflite");
    for file in ["../model.tflite", "a/../../model.tflite", "..", outside.to_str().unwrap(), ""] {
        std::fs::write(&manifest, ours.replace(named, &format!("file = {file:?}"))).unwrap();
        let refused = Source::open(&manifest).unwrap_err().to_string();
        assert!(refused.contains("accepted are files in its own folder"), "{file}: {refused}");
    }
}

#[test]
fn labels_of_megabytes_in_a_zip_are_refused() {
    let labels = "x\n".repeat(2_200_000);
    let export =
        zip(&[("model_unquant.tflite", &ModelDraft::default().build()), ("labels.txt", labels.as_bytes())]);
    let refused = Source::of_bytes("export.zip", export).unwrap_err().to_string();
    assert!(refused.contains("labels.txt has more than 4 MiB"), "{refused}");
}

#[test]
fn a_zip_has_one_model_and_its_labels() {
    let model = ModelDraft::default().build();
    let export = zip(&[("model_unquant.tflite", &model), ("labels.txt", b"0 A\n1 B\n2 C\n3 D\n")]);
    let source = Source::of_bytes("converted_tflite.zip", export).unwrap();
    assert!(source.is_teachable_machine);
    assert_eq!(source.labels.unwrap().0, ["A", "B", "C", "D"]);
    let automl = zip(&[("export/model.tflite", &model), ("export/dict.txt", b"A\nB\nC\nD")]);
    let source = Source::of_bytes("export.zip", automl).unwrap();
    assert!(!source.is_teachable_machine && source.labels.is_some());
    for (files, reason) in [
        (vec![("model.json", &b"{}"[..]), ("weights.bin", b"")], "TensorFlow.js"),
        (vec![("keras_model.h5", &b""[..]), ("labels.txt", b"0 A")], "for Keras"),
        (vec![("model_edgetpu.tflite", &b""[..])], "the Edge TPU"),
        (vec![("saved_model.pb", &b""[..])], "a Keras or TensorFlow model"),
        (vec![("photo.jpg", &b""[..])], "a zip without a .tflite file"),
        (vec![("a.tflite", &model[..]), ("b.tflite", &model)], "2 models: a.tflite, b.tflite"),
        (vec![("a.tflite", &b"text"[..])], "no TensorFlow Lite model"),
        (vec![("a.tflite", &model[..]), ("labels.txt", b"a\n\nb")], "line 2 is empty"),
    ] {
        let said = Source::of_bytes("export.zip", zip(&files)).unwrap_err().to_string();
        assert!(said.contains(reason), "expected {reason:?}, found {said:?}");
    }
}

/// A function of one word, with a place for a block.
fn module(extra: &str) -> Vec<u8> {
    let wat = format!(
        r#"(module (memory (export "memory") 2) (func (export "_start") (memory.init $kept (i32.const 0) (i32.const 0) (i32.const 1)))
            (data (i32.const 1000) "before wasm-vision here\00\00\00\00\00\00\00\00 behind") (data $kept "kept") {extra})"#
    );
    wat::parse_str(wat).unwrap()
}

/// Whether all of it can be read, with as many segments as it says; the end-to-end tests run what is made.
fn is_sound(wasm: &[u8]) -> bool {
    let (mut told, mut found) = (None, None);
    for payload in Parser::new(0).parse_all(wasm) {
        match payload.unwrap() {
            Payload::DataCountSection { count, .. } => told = Some(count),
            Payload::DataSection(section) => found = Some(section.count()),
            _ => {}
        }
    }
    told.is_some() && told == found
}

#[test]
fn a_block_is_put_behind_the_memory_and_replaced_by_the_next_one() {
    let first = graft(&module(""), &[7; 70_000], NativeCode::Drop).unwrap().wasm;
    assert!(is_sound(&first));
    assert_eq!(block_of(&first).unwrap(), [7; 70_000]);
    let text = String::from_utf8_lossy(&first).into_owned();
    assert!(
        text.contains("before wasm-vision here\0\0\u{2}\0"),
        "the place leads to the third page of memory"
    );
    let second = graft(&first, b"small", NativeCode::Drop).unwrap().wasm;
    assert!(is_sound(&second));
    assert_eq!(block_of(&second).unwrap(), b"small");
    assert_eq!(
        second,
        graft(&module(""), b"small", NativeCode::Drop).unwrap().wasm,
        "nothing of the first is left"
    );
    let strange = graft(&first, b"wasm-vision here________", NativeCode::Drop).unwrap().wasm;
    assert_eq!(
        graft(&strange, b"small", NativeCode::Drop).unwrap().wasm,
        second,
        "the mark in a block is no place"
    );
}

#[test]
fn native_code_stays_only_where_it_may() {
    let mut wasm = module("");
    wasm.extend(b"\0\x0d\x08wasmedgecode");
    let kept = graft(&wasm, b"block", NativeCode::Keep).unwrap();
    assert!(kept.has_native_code && kept.wasm.ends_with(b"\x08wasmedgecode"));
    let dropped = graft(&wasm, b"block", NativeCode::Drop).unwrap();
    assert!(!dropped.has_native_code && !String::from_utf8_lossy(&dropped.wasm).contains("wasmedge"));
}

#[test]
fn a_module_with_thousands_of_marks_is_refused_at_once() {
    let marks = |count: usize| {
        let mark = r#"(data (i32.const 0) "wasm-vision here\00\00\00\00\00\00\00\00")"#;
        let wat = format!(
            "(module (memory 2) {} {})",
            mark.repeat(count),
            r#"(data (i32.const 0) "")"#.repeat(5_000)
        );
        graft(&wat::parse_str(wat).unwrap(), b"block", NativeCode::Drop)
    };
    assert!(marks(1).is_ok());
    for (count, reason) in [(2, "more than one place"), (20_000, "more places than anybody would make")] {
        let refused = marks(count).unwrap_err().to_string();
        assert!(refused.contains(reason), "{refused}");
    }
    // All in one segment.
    let data = "wasm-vision here........".repeat(200_000);
    let one = wat::parse_str(format!(r#"(module (memory 100) (data (i32.const 0) "{data}"))"#)).unwrap();
    assert!(matches!(graft(&one, b"block", NativeCode::Drop), Err(GraftError::Strange(_))));
}

#[test]
fn modules_without_a_place_are_refused() {
    let put = |wasm: &[u8]| graft(wasm, b"block", NativeCode::Drop);
    let no_place = wat::parse_str(r#"(module (memory 1) (data (i32.const 0) "nothing"))"#).unwrap();
    assert!(matches!(put(&no_place), Err(GraftError::NoPlace)));
    assert!(matches!(put(b"GIF89a"), Err(GraftError::Damaged(_))));
    let two = module(r#"(data (i32.const 2000) "wasm-vision here\00\00\00\00\00\00\00\00")"#);
    assert!(matches!(put(&two), Err(GraftError::Strange(_))));
    let leads_nowhere = wat::parse_str(
        r#"(module (memory 2) (data (i32.const 0) "wasm-vision here\00\00\01\00\05\00\00\00"))"#,
    );
    assert!(matches!(put(&leads_nowhere.unwrap()), Err(GraftError::Strange(_))));
    let too_small = wat::parse_str(
        r#"(module (memory 1 1) (data (i32.const 0) "wasm-vision here\00\00\00\00\00\00\00\00"))"#,
    );
    assert!(matches!(put(&too_small.unwrap()), Err(GraftError::TooLarge { .. })));
}

proptest! {
    #[test]
    fn no_bytes_of_a_model_make_it_panic(changes in proptest::collection::vec((any::<u16>(), any::<u8>()), 1..20)) {
        let metadata = MetadataDraft {
            name: "n", mean: vec![1.0], std: vec![1.0], threshold: 0.5, files: vec![("labels.txt", "")],
        };
        let mut model = with_metadata(&metadata, &[("labels.txt", b"a\nb\nc\nd\n")]);
        let length = model.len();
        for (at, byte) in changes {
            model[usize::from(at) % length] = byte;
        }
        if let Ok(packing) = packing(&model, &options()) {
            prop_assert!(Packed::read(&packing.block).is_ok());
        }
    }

    #[test]
    fn no_bytes_of_a_module_make_it_panic(changes in proptest::collection::vec((any::<u8>(), any::<u8>()), 1..8)) {
        let mut wasm = graft(&module(""), b"block", NativeCode::Drop).unwrap().wasm;
        let length = wasm.len();
        for (at, byte) in changes {
            wasm[usize::from(at) % length] = byte;
        }
        drop(graft(&wasm, b"other", NativeCode::Drop));
    }
}
