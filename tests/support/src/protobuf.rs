//! Protocol buffers, and TensorFlow graphs out of them, written by hand: graphs that no version of TensorFlow writes.

/// A message in the making.
#[derive(Clone, Debug, Default)]
pub struct Message(pub Vec<u8>);

impl Message {
    /// With this field, a number.
    #[must_use]
    pub fn number(mut self, field: u8, number: u64) -> Self {
        self.0.push(field << 3);
        self.varint(number);
        self
    }

    /// With this field: bytes, a text or another message.
    #[must_use]
    pub fn bytes(mut self, field: u8, bytes: &[u8]) -> Self {
        self.0.push(field << 3 | 2);
        self.varint(bytes.len() as u64);
        self.0.extend(bytes);
        self
    }

    fn varint(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.0.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
    }

    /// A node with this attribute (tensorflow/core/framework/node_def.proto).
    #[must_use]
    pub fn attribute(self, name: &str, value: &Self) -> Self {
        let entry = Self::default().bytes(1, name.as_bytes()).bytes(2, &value.0);
        self.bytes(5, &entry.0)
    }
}

/// A node of a graph.
pub fn node(name: &str, operation: &str, inputs: &[&str]) -> Message {
    let node = Message::default().bytes(1, name.as_bytes()).bytes(2, operation.as_bytes());
    inputs.iter().fold(node, |node, input| node.bytes(3, input.as_bytes()))
}

/// The value of an attribute that is a type, by its number (tensorflow/core/framework/types.proto).
pub fn of_type(element_type: u64) -> Message {
    Message::default().number(6, element_type)
}

/// The graph of these nodes (tensorflow/core/framework/graph.proto).
pub fn graph(nodes: &[Message]) -> Vec<u8> {
    nodes.iter().fold(Message::default(), |graph, node| graph.bytes(1, &node.0)).0
}
