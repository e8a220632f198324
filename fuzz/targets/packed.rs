//! Blocks that a function finds in itself, and modules that get one.

#![no_main]

use libfuzzer_sys::fuzz_target;
use packed::Packed;
use packer::{NativeCode, graft};
use recognize::{Model, input};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(packed) = Packed::read(bytes) {
        assert_eq!(packed.english().count(), packed.description.output.classes);
        let model = Model::read(bytes).expect("the same block");
        let input_of = &model.description().input;
        let pixels = input_of.width as usize * input_of.height as usize;
        if pixels <= 4096 {
            let tensor = input::tensor(vec![7; pixels * 3], input_of);
            assert_eq!(tensor.len(), pixels * input_of.channels as usize * input_of.element.bytes());
        }
    }
    if let Ok(grafted) = graft(bytes, b"block", NativeCode::Drop) {
        let again =
            graft(&grafted.wasm, b"block", NativeCode::Drop).expect("what was made can be changed again");
        assert_eq!(again.wasm, grafted.wasm);
    }
});
