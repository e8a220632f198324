//! Frozen graphs, for inputs of any size: a TensorFlow Lite model that is verified as sound, or a reason.

#![no_main]

use std::num::NonZeroUsize;

use engine::inference::{Backend, LiteRt};
use graph::{ElementType, Endpoint, Feed, Graph, Placeholder, convert};
use libfuzzer_sys::fuzz_target;

thread_local! {
    static LITERT: LiteRt = LiteRt::new(NonZeroUsize::MIN).expect("LiteRT starts");
}

/// Two bytes for sides that the graph leaves free, then the graph.
fuzz_target!(|bytes: &[u8]| {
    let Some((free, bytes)) = bytes.split_first_chunk::<2>() else { return };
    let Ok(graph) = Graph::read(bytes) else { return };
    let feeds: Vec<Feed> = graph.placeholders().into_iter().take(8).map(|found| feed(found, free)).collect();
    let end = |operation: &str| Endpoint { operation: operation.to_owned(), index: 0 };
    let outputs: Vec<Endpoint> = graph.results().into_iter().take(8).map(end).collect();
    if let Ok(conversion) = convert(&graph, &feeds, &outputs) {
        assert_eq!(conversion.outputs.len(), outputs.len());
        if let Some(model) = conversion.model {
            LITERT.with(|litert| litert.verify(&model)).expect("a converted model is sound");
        }
    }
});

fn feed(found: Placeholder, free: &[u8; 2]) -> Feed {
    let side = |(place, side): (usize, &i64)| match usize::try_from(*side) {
        Ok(side) => side,
        Err(_) => usize::from(free[place % 2] % 16),
    };
    Feed {
        endpoint: Endpoint { operation: found.name, index: 0 },
        element_type: found.element_type.unwrap_or(ElementType::F32),
        shape: found.sides.unwrap_or_else(|| vec![1, -1, -1, 3]).iter().enumerate().map(side).collect(),
    }
}
