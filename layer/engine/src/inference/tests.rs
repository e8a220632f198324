//! The wrapper with the real library and the project's own model.

use std::num::NonZeroUsize;
use std::path::Path;

use super::*;
use crate::sealed_file::SealedFile;

const INPUT_BYTES: usize = 3;

fn model() -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/groceries/model.tflite")).unwrap()
}

fn cache() -> ModelCache {
    ModelCache::new(library(), ModelPolicy::default())
}

fn library() -> Box<LiteRt> {
    Box::new(LiteRt::new(NonZeroUsize::MIN).unwrap())
}

/// A session over the model in `bytes`.
fn session(
    cache: &mut ModelCache,
    bytes: &[u8],
    part: Option<SealedPart>,
) -> Result<Box<dyn Session>, InferenceError> {
    cache.load(bytes, part)?.session()
}

fn set_input(session: &mut Box<dyn Session>, name: &str, data: &[u8]) -> Result<(), InferenceError> {
    session.set_input(session.input_index(name)?, data)
}

/// The input's size, taken from the message that refuses a wrong one.
fn input_size(session: &mut Box<dyn Session>) -> usize {
    match set_input(session, "image", &[0; INPUT_BYTES]) {
        Err(InferenceError::WrongSize { expected, .. }) => expected,
        other => panic!("{other:?}"),
    }
}

fn run_on(session: &mut Box<dyn Session>, value: u8) -> Vec<u8> {
    let input = vec![value; input_size(session)];
    set_input(session, "image", &input).unwrap();
    session.run().unwrap();
    session.output(session.output_index("probabilities").unwrap()).unwrap().to_vec()
}

#[test]
fn a_model_runs_and_its_softmax_adds_up_to_one() {
    let mut cache = cache();
    let output = run_on(&mut session(&mut cache, &model(), None).unwrap(), 128);
    let sum: u32 = output.iter().copied().map(u32::from).sum();
    assert!((236..=276).contains(&sum), "{sum} of 256");
}

#[test]
fn sessions_over_the_same_bytes_share_one_compiled_model_and_no_data() {
    let mut cache = cache();
    let bytes = model();
    let mut first = session(&mut cache, &bytes, None).unwrap();
    let alone = run_on(&mut first, 10);
    let mut second = session(&mut cache, &bytes.clone(), None).unwrap();
    assert_eq!(cache.compiled(), 1);
    assert_eq!(second.output(0), Err(InferenceError::NotRun));
    assert_eq!(second.run(), Err(InferenceError::InputNotSet("image".into())));
    run_on(&mut second, 200);
    first.run().unwrap();
    assert_eq!(first.output(0).unwrap(), alone);
}

/// Some bytes and the model behind them, in a sealed file.
fn sealed(before: usize, model: &[u8]) -> SealedPart {
    let file = SealedFile::new(&[&vec![0; before], model].concat()).unwrap();
    SealedPart::new(file, before..before + model.len())
}

#[test]
fn a_model_from_a_sealed_file_runs_as_its_copy_and_is_found_by_its_place() {
    let bytes = model();
    let expected = run_on(&mut session(&mut cache(), &bytes, None).unwrap(), 33);
    for before in [0, 48, 8192] {
        let (mut cache, part) = (cache(), sealed(before, &bytes));
        assert_eq!(run_on(&mut session(&mut cache, &bytes, Some(part.clone())).unwrap(), 33), expected);
        assert_eq!(cache.models.first().unwrap().part(), Some(&part));
        assert_eq!(cache.models.first().unwrap().bytes(), bytes);
        // Nobody looks at the bytes where the place says it all.
        assert_eq!(run_on(&mut session(&mut cache, b"", Some(part)).unwrap(), 33), expected);
        // The same bytes elsewhere are the same model.
        assert_eq!(
            run_on(&mut session(&mut cache, &bytes, Some(sealed(before, &bytes))).unwrap(), 33),
            expected
        );
        assert_eq!(run_on(&mut session(&mut cache, &bytes, None).unwrap(), 33), expected);
        assert_eq!(cache.compiled(), 1);
    }
}

#[test]
fn a_model_at_a_place_that_libraries_can_t_read_from_is_copied() {
    let (mut cache, bytes) = (cache(), model());
    let part = sealed(3, &bytes);
    run_on(&mut session(&mut cache, &bytes, Some(part.clone())).unwrap(), 1);
    assert_eq!(cache.models.first().unwrap().part(), None);
    run_on(&mut session(&mut cache, &bytes, Some(part)).unwrap(), 1);
    assert_eq!(cache.compiled(), 1);
}

#[test]
fn a_session_that_reuses_tensors_starts_without_inputs_and_outputs() {
    let mut cache = cache();
    let bytes = model();
    run_on(&mut session(&mut cache, &bytes, None).unwrap(), 77);
    let mut later = session(&mut cache, &bytes, None).unwrap();
    assert_eq!(later.run(), Err(InferenceError::InputNotSet("image".into())));
    assert_eq!(later.output(0), Err(InferenceError::NotRun));
}

#[test]
fn wrong_names_sizes_and_numbers_are_named() {
    let mut cache = cache();
    let mut session = session(&mut cache, &model(), None).unwrap();
    let message = set_input(&mut session, "picture", &[]).unwrap_err().to_string();
    assert_eq!(message, "no input \"picture\"; the model has \"image\"");
    assert!(set_input(&mut session, "image", &[0; 5]).unwrap_err().to_string().ends_with("found 5"));
    assert!(matches!(session.output_len(1), Err(InferenceError::UnknownTensor { .. })));
    let message = session.set_input(1, &[]).unwrap_err().to_string();
    assert_eq!(message, "no input 1; the model has \"image\"");
    run_on(&mut session, 1);
    assert!(matches!(session.output(7), Err(InferenceError::UnknownTensor { .. })));
}

#[test]
fn bytes_that_are_no_model_are_refused_before_the_library_sees_them() {
    let mut cache = cache();
    for bytes in [&b""[..], b"TFL3", b"\0\0\0\0GGUF 0123456789", &[0; 64]] {
        assert!(
            matches!(session(&mut cache, bytes, None), Err(InferenceError::NotAModel { .. })),
            "{bytes:?}"
        );
    }
    assert_eq!(cache.compiled(), 0);
}

/// The model with another description: the same one to LiteRT, another one to a hash.
fn another_model() -> Vec<u8> {
    let mut bytes = model();
    let description = b"MLIR Converted.";
    let at = bytes.windows(description.len()).position(|window| window == description).unwrap();
    bytes[at] = b'm';
    bytes
}

#[test]
fn a_model_that_nobody_allowed_is_refused_by_its_sha256_until_it_is_allowed() {
    let bytes = another_model();
    let refusal = session(&mut cache(), &bytes, None).unwrap_err();
    let InferenceError::NotAllowed(digest) = refusal.clone() else { panic!("{refusal:?}") };
    assert_eq!(refusal.to_string(), format!("the model with sha256 {digest} is not known"));
    for policy in [ModelPolicy::known_and([digest]), ModelPolicy::Any] {
        let mut cache: ModelCache = ModelCache::new(library(), policy);
        run_on(&mut session(&mut cache, &bytes, None).unwrap(), 5);
    }
}
