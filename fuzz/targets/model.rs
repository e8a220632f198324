//! Models, zips and files of labels that somebody brings to `vision function`: a block that can be read, or a reason.

#![no_main]

use libfuzzer_sys::fuzz_target;
use packed::Packed;
use packer::{Options, Source, pack, read_labels};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(labels) = read_labels(bytes) {
        assert!(labels.iter().all(|label| !label.is_empty() && !label.contains('\n')), "{labels:?}");
    }
    let Ok(source) = Source::of_bytes("model.tflite", bytes.to_vec()) else { return };
    // As many labels as the seeds have classes, so that something comes of them.
    let labels = (0..4).map(|class| format!("class {class}")).collect();
    for labels in [None, Some((labels, "labels.txt".to_owned()))] {
        let options = Options { labels, input_size: Some((8, 8)), ..Options::default() };
        if let Ok(packing) = pack(&source, &options) {
            let packed = Packed::read(&packing.block).expect("what was packed can be read");
            assert_eq!(packed.sha256, packing.sha256);
            assert_eq!(packed.english().count(), packed.description.output.classes);
        }
    }
});
