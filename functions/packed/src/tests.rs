use super::*;
use proptest::prelude::*;

fn description(classes: usize) -> Description {
    let quantization = Some(Quantization { scale: 1.0 / 256.0, zero_point: 0 });
    Description {
        name: "fruit".to_owned(),
        input: Input {
            tensor: "image".to_owned(),
            width: 4,
            height: 3,
            channels: 3,
            channels_first: false,
            element: Element::Uint8,
            normalization: None,
            quantization: None,
        },
        output: Output {
            tensor: "probabilities".to_owned(),
            classes,
            element: Element::Uint8,
            quantization,
            scores: Scores::Probabilities,
        },
        unsure: Unsure::default(),
    }
}

fn labels(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn block(change: impl FnOnce(&mut Description), chinese: &[&str]) -> Result<Vec<u8>, Damage> {
    let mut description = description(2);
    change(&mut description);
    let (english, chinese) = (labels(&["Apple", "Lemon"]), labels(chinese));
    Parts {
        description: &description,
        english: &english,
        chinese: &chinese,
        model: b"weights",
        sha256: [7; 32],
    }
    .pack()
}

#[test]
fn what_was_packed_is_read_again() {
    let block = block(|_| {}, &["苹果", "柠檬"]).unwrap();
    let packed = Packed::read(&block).unwrap();
    assert_eq!((packed.description, packed.sha256, packed.model), (description(2), [7; 32], &b"weights"[..]));
    assert_eq!(packed.english.lines().collect::<Vec<_>>(), ["Apple", "Lemon"]);
    assert_eq!(packed.chinese.lines().collect::<Vec<_>>(), ["苹果", "柠檬"]);
    assert_eq!(block.len(), 4096 + 7, "the model has pages of its own");
}

#[test]
fn without_chinese_labels_the_english_ones_stand_for_them() {
    let block = block(|_| {}, &[]).unwrap();
    let packed = Packed::read(&block).unwrap();
    assert!(!packed.has_chinese());
    assert_eq!(packed.chinese().collect::<Vec<_>>(), ["Apple", "Lemon"]);
}

#[test]
fn labels_that_would_command_a_terminal_are_refused() {
    let packed = |label: &str| {
        let block = block(|_| {}, &[]).unwrap();
        // As somebody would make it by hand: of the same length.
        let at = block.windows(5).position(|bytes| bytes == b"Apple").unwrap();
        let mut block = block;
        block[at..at + 5].copy_from_slice(label.as_bytes());
        Packed::read(&block).map(|_| ())
    };
    assert_eq!(packed("App\u{e9}"), Ok(()));
    assert_eq!(packed("苹aa"), Ok(()));
    for label in ["A\u{1b}[2J", "App\u{7f}e", "App\u{9b}", "Ap\u{85}e", "App\re", "App\0e"] {
        let refused = packed(label).unwrap_err().to_string();
        assert_eq!(refused, "its labels have control characters", "{label:?}");
    }
    let named = block(|description| description.name = "a\nb".to_owned(), &[]).unwrap_err();
    assert_eq!(named.to_string(), "its name has control characters");
}

#[test]
fn each_thing_that_is_wrong_is_named() {
    let refused = |change: fn(&mut Description), reason: &str| {
        let message = block(change, &[]).unwrap_err().to_string();
        assert!(message.contains(reason), "expected {reason:?}, found {message:?}");
    };
    refused(|it| it.input.width = 0, "width is 0");
    refused(|it| it.input.height = 5_000, "height is 5000");
    refused(|it| it.input.channels = 4, "channels are 4");
    refused(|it| it.output.classes = 0, "classes are 0");
    refused(|it| it.output.classes = 3, "labels are 2, its classes 3");
    refused(|it| it.input.element = Element::Float32, "float32 and has no normalisation");
    refused(|it| it.output.quantization = None, "output has no scale");
    refused(|it| it.unsure.below = Some(f64::NAN), "threshold is no number");
    refused(|it| it.unsure.background = vec![2], "background is class 2 of 2");
    refused(|it| (it.unsure.below, it.unsure.by) = (Some(1.0), Certainty::Energy), "no logits");
    refused(
        |it| it.input.normalization = Some(Normalization { mean: [0.0; 3], std: [1.0, 0.0, 1.0] }),
        "no std of 0",
    );
    let mut whole = block(|_| {}, &[]).unwrap();
    assert_eq!(Packed::read(b"GIF89a"), Err(Damage::Magic));
    assert!(matches!(Packed::read(&whole[..whole.len() - 1]), Err(Damage::Outside { .. })));
    whole.push(0);
    assert!(matches!(Packed::read(&whole), Err(Damage::Outside { .. })));
    whole[16] = 2;
    assert_eq!(Packed::read(&whole), Err(Damage::Version(2)));
}

#[test]
fn a_place_is_read_as_it_was_written() {
    let place = Place { address: 0x0200_0000, length: 5 };
    assert_eq!(Place::from_bytes(&place.to_bytes()), Some(place));
    assert_eq!(Place::from_bytes(&place.to_bytes()[..PLACE_BYTES - 1]), None);
    assert!(Place::default().is_empty() && !place.is_empty());
}

proptest! {
    #[test]
    fn no_bytes_make_reading_panic(changes in proptest::collection::vec((0_usize..500, any::<u8>()), 1..20), cut in 0_usize..4200) {
        let mut block = block(|_| {}, &["苹果", "柠檬"]).unwrap();
        block.truncate(cut.max(500));
        for (at, byte) in changes {
            block[at] = byte;
        }
        drop(Packed::read(&block));
    }

    #[test]
    fn any_labels_come_back(names in proptest::collection::vec("\\PC{1,20}", 1..20)) {
        let description = description(names.len());
        let parts = Parts { description: &description, english: &names, chinese: &[], model: &[1; 9], sha256: [0; 32] };
        let block = parts.pack().unwrap();
        prop_assert_eq!(Packed::read(&block).unwrap().english().collect::<Vec<_>>(), names);
    }
}
