//! Graphs that are refused, and hostile ones.

use proptest::prelude::*;
use support::protobuf::{Message, graph, node, of_type};

use super::*;

fn text(text: &str) -> Message {
    Message::default().bytes(2, text.as_bytes())
}

fn ints(numbers: &[u64]) -> Message {
    let list = numbers.iter().fold(Message::default(), |list, &number| list.number(3, number));
    Message::default().bytes(1, &list.0)
}

fn sides(sides: &[u64]) -> Message {
    sides
        .iter()
        .fold(Message::default(), |shape, &side| shape.bytes(2, &Message::default().number(1, side).0))
}

/// A constant of that type and shape, whose values are all this one (integers) or 0 (floats).
fn constant(name: &str, element_type: ElementType, shape: &[u64], value: u64) -> Message {
    let tensor = Message::default().number(1, element_type.tensorflow() as u64).bytes(2, &sides(shape).0);
    let tensor = if element_type == ElementType::I32 { tensor.number(7, value) } else { tensor };
    node(name, "Const", &[]).attribute("value", &Message::default().bytes(8, &tensor.0))
}

fn end(operation: &str) -> Endpoint {
    Endpoint { operation: operation.to_owned(), index: 0 }
}

fn feed(shape: &[usize]) -> Feed {
    Feed { endpoint: end("x"), element_type: ElementType::F32, shape: shape.to_vec() }
}

fn converted(nodes: &[Message], shape: &[usize]) -> Result<Conversion, GraphError> {
    let bytes = graph(nodes);
    convert(&Graph::read(&bytes)?, &[feed(shape)], &[end("y")])
}

fn refusal(nodes: &[Message], shape: &[usize]) -> String {
    converted(nodes, shape).unwrap_err().to_string()
}

fn x() -> Message {
    node("x", "Placeholder", &[]).attribute("dtype", &of_type(1))
}

/// A convolution of a 3 x 3 window over three channels.
fn convolution() -> Message {
    node("y", "Conv2D", &["x", "w"])
        .attribute("strides", &ints(&[1, 1, 1, 1]))
        .attribute("padding", &text("SAME"))
}

fn weights() -> Message {
    constant("w", ElementType::F32, &[3, 3, 3, 4], 0)
}

#[test]
fn a_graph_without_newer_attributes_is_converted() {
    let conversion = converted(&[x(), weights(), convolution()], &[1, 8, 8, 3]).unwrap();
    assert_eq!(conversion.outputs[0].shape, [1, 8, 8, 4]);
    assert_eq!(conversion.inputs, [(0, "i0".to_owned())]);
    assert!(conversion.model.unwrap().len() > 3 * 3 * 3 * 4 * 4);
}

#[test]
fn operations_that_need_tensorflow_are_named() {
    let named = [
        (node("y", "Merge", &["x"]), "operation Merge (\"y\") can't be converted: it is control flow"),
        (
            node("y", "NonMaxSuppressionV3", &["x"]),
            "operation NonMaxSuppressionV3 (\"y\") can't be converted",
        ),
        (convolution().attribute("data_format", &text("NCHW")), "its data format is NCHW, accepted is NHWC"),
        (node("y", "FusedBatchNorm", &["x", "w", "w", "w", "w"]), "it is for training"),
        (node("y", "Reshape", &["x", "x"]), "input 1 depends on the values of others"),
        (node("y", "Conv2D", &["x", "x"]), "its weights depend on the values of others"),
    ];
    for (operation, expected) in named {
        let error = converted(&[x(), weights(), operation], &[1, 8, 8, 3]).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        assert!(error.needs_tensorflow(), "{error}");
    }
}

#[test]
fn a_tensor_without_elements_needs_tensorflow() {
    let empty = constant("c", ElementType::F32, &[0], 0);
    let error = converted(&[x(), empty, node("y", "AddV2", &["x", "c"])], &[1, 8, 8, 1]).unwrap_err();
    assert!(error.to_string().contains("has no elements"), "{error}");
    assert!(error.needs_tensorflow(), "{error}");
}

#[test]
fn what_tensorflow_would_not_run_either_is_told_apart() {
    let refused = [
        (convolution(), &[1, 8, 8, 5][..], "5 channels with weights of shape [3, 3, 3, 4]"),
        (node("y", "MatMul", &["x", "w"]), &[4, 4], "a matrix of shape [3, 3, 3, 4]"),
        (node("y", "Add", &["x", "w"]), &[2, 2], "don't fit"),
        (node("y", "Relu", &[]), &[2, 2], "it has 0 inputs"),
        (node("y", "Relu", &["missing"]), &[2, 2], "the graph has no operation \"missing\""),
        (node("y", "Relu", &["w:1"]), &[2, 2], "operation \"w\" has no output 1"),
        (node("y", "Relu", &["x:what"]), &[2, 2], "no operation"),
        (node("y", "Relu", &["y"]), &[2, 2], "operation \"y\" depends on itself"),
        (node("y", "Relu", &["z"]), &[2, 2], "input \"z\" was not given"),
    ];
    for (operation, shape, expected) in refused {
        let nodes = [x(), weights(), node("z", "Placeholder", &[]), operation];
        let error = converted(&nodes, shape).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        assert!(!error.needs_tensorflow(), "{error}");
    }
}

#[test]
fn what_grows_without_bounds_is_refused() {
    let doubled = |count: usize| {
        let mut nodes = vec![x(), constant("t", ElementType::I32, &[1], 2)];
        let mut last = "x".to_owned();
        for number in 0..count {
            let name = if number + 1 == count { "y".to_owned() } else { format!("n{number}") };
            nodes.push(node(&name, "Tile", &[&last, "t"]));
            last = name;
        }
        nodes
    };
    assert!(converted(&doubled(4), &[4]).is_ok());
    assert!(refusal(&doubled(200), &[4]).contains("bytes of a tensor"));
    // Each of these is below the limit for one.
    assert!(refusal(&doubled(24), &[4]).contains("bytes of all tensors"), "{}", refusal(&doubled(24), &[4]));
    let padding = constant("p", ElementType::I32, &[1, 2], (1 << 31) - 1);
    let padded = [x(), padding, node("y", "Pad", &["x", "p"])];
    assert!(refusal(&padded, &[4]).contains("padding of"), "{}", refusal(&padded, &[4]));
    let many = constant("c", ElementType::F32, &[1 << 14, 1 << 12], 0);
    assert!(refusal(&[x(), many, node("y", "Add", &["x", "c"])], &[1]).contains("repeat too much"));
    let ranged = [
        x(),
        constant("a", ElementType::I32, &[], 0),
        constant("b", ElementType::I32, &[], (1 << 31) - 1),
        constant("c", ElementType::I32, &[], 1),
        node("y", "Range", &["a", "b", "c"]),
    ];
    assert!(converted(&ranged, &[1]).is_err());
    assert!(refusal(&[x(), node("y", "Relu", &["x"])], &[1 << 40, 1 << 40]).contains("bytes of a tensor"));
}

/// Nothing is in them, and still each side would be gone through.
#[test]
fn constants_without_elements_take_no_time_whatever_their_other_sides_are() {
    let axes = |name: &str, value| constant(name, ElementType::I32, &[2], value);
    let scalar = |name: &str, value| constant(name, ElementType::I32, &[], value);
    let operations = [
        node("y", "ConcatV2", &["c", "c", "one"]),
        node("y", "Slice", &["c", "zeros", "minus"]),
        node("y", "StridedSlice", &["c", "zeros", "zeros", "ones"])
            .attribute("begin_mask", &Message::default().number(3, 3)),
        node("y", "Transpose", &["c", "zeros"]),
        node("y", "Tile", &["c", "ones"]),
        node("y", "Pack", &["c", "c"]),
        node("y", "Unpack", &["c"]),
        node("y", "Gather", &["c", "zeros"]),
        node("y", "Reshape", &["c", "zeros"]),
        node("y", "Sum", &["c", "one"]),
        node("y", "Neg", &["c"]),
        node("y", "Add", &["c", "c"]),
        node("y", "Cast", &["c"]),
    ];
    for shape in [[1_u64 << 50, 0], [0, 1 << 50], [1 << 26, 0], [0, 1 << 26]] {
        let empty = constant("c", ElementType::F32, &shape, 0);
        let numbers = [axes("zeros", 0), axes("ones", 1), axes("minus", u64::MAX), scalar("one", 1)];
        for operation in &operations {
            let nodes = [&[x(), empty.clone(), operation.clone()][..], &numbers].concat();
            // 2^50 of anything would take days.
            let refused =
                converted(&nodes, &[1]).is_err_and(|error| error.to_string().contains("bytes of a tensor"));
            assert!(refused || !shape.contains(&(1 << 50)), "{shape:?}");
        }
    }
}

#[test]
fn a_long_chain_takes_no_stack() {
    let mut nodes = vec![x()];
    let mut last = "x".to_owned();
    for number in 0..10_000 {
        let name = format!("n{number}");
        nodes.push(node(&name, "Neg", &[&last]));
        last = name;
    }
    nodes.push(node("y", "Relu", &[&last]));
    assert!(converted(&nodes, &[4]).is_ok());
}

#[test]
fn two_operations_of_one_name_and_no_operations_are_no_graph() {
    for bytes in [graph(&[x(), x()]), Vec::new(), b"\x0a\x05hello".to_vec(), b"TFL3 is no graph".to_vec()] {
        assert!(matches!(Graph::read(&bytes), Err(GraphError::NotAGraph(_))));
    }
}

#[test]
fn names_in_messages_are_cut() {
    let name = "é".repeat(10_000);
    let error = refusal(&[x(), node(&name, "Nothing", &[]), node("y", "Relu", &[&name])], &[1]);
    assert!(error.len() < 400 && error.contains('…'), "{}", error.len());
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        if let Ok(graph) = Graph::read(&bytes) {
            let _ = convert(&graph, &[], &[end("y")]);
        }
    }

    #[test]
    fn damaged_graphs_are_converted_or_refused(
        places in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        side in 1_usize..9,
    ) {
        let mut bytes = graph(&[x(), weights(), convolution()]);
        for (place, byte) in places {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        if let Ok(graph) = Graph::read(&bytes) {
            let _ = convert(&graph, &[feed(&[1, side, side, 3])], &[end("y")]);
        }
    }
}
