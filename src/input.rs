//! From pixels to the input tensor.

use packed::{Element, Input};

/// Values of a byte.
const BYTES: usize = 256;

/// The input tensor for these pixels: red, green and blue, row by row. Elements are as [`Input`] says; numbers of more than
/// a byte are little-endian.
pub fn tensor(pixels: Vec<u8>, input: &Input) -> Vec<u8> {
    let channels = if input.channels == 1 { grey(&pixels) } else { pixels };
    if input.normalization.is_none() && input.element == Element::Uint8 && !input.channels_first {
        return channels;
    }
    let tables: Vec<Table> = (0..3).map(|channel| Table::of(input, channel)).collect();
    let count = input.channels as usize;
    let mut tensor = Vec::with_capacity(channels.len() * input.element.bytes());
    let pixels = channels.chunks_exact(count);
    if input.channels_first {
        for channel in 0..count {
            for pixel in pixels.clone() {
                tables[channel].write(pixel[channel], &mut tensor);
            }
        }
    } else {
        for pixel in pixels {
            for (table, value) in tables.iter().zip(pixel) {
                table.write(*value, &mut tensor);
            }
        }
    }
    tensor
}

/// The brightness of each pixel (ITU-R BT.601, as Pillow's mode L has it).
fn grey(rgb: &[u8]) -> Vec<u8> {
    let weighted = |[red, green, blue]: [u8; 3]| {
        (u32::from(red) * 19_595 + u32::from(green) * 38_470 + u32::from(blue) * 7_471 + 0x8000) >> 16
    };
    rgb.chunks_exact(3).map(|pixel| weighted([pixel[0], pixel[1], pixel[2]]) as u8).collect()
}

/// The element for each value of a byte, in one channel.
enum Table {
    Bytes(Box<[u8; BYTES]>),
    Floats(Box<[f32; BYTES]>),
}

impl Table {
    fn of(input: &Input, channel: usize) -> Self {
        // In the precision that models are made with.
        let number = |byte: usize| match input.normalization {
            Some(normalization) => (byte as f32 - normalization.mean[channel]) / normalization.std[channel],
            None => byte as f32,
        };
        let least = if input.element == Element::Int8 { -128 } else { 0 };
        let quantized = |byte: usize| match (input.normalization, input.quantization) {
            (Some(_), Some(quantization)) => {
                nearest(number(byte) / quantization.scale + quantization.zero_point as f32, least)
            }
            // The byte itself, from the least value on.
            _ => byte as i32 + least,
        };
        match input.element {
            Element::Float32 => Self::Floats(Box::new(std::array::from_fn(number))),
            Element::Uint8 => Self::Bytes(Box::new(std::array::from_fn(|byte| quantized(byte) as u8))),
            Element::Int8 => Self::Bytes(Box::new(std::array::from_fn(|byte| quantized(byte) as i8 as u8))),
        }
    }

    fn write(&self, value: u8, tensor: &mut Vec<u8>) {
        match self {
            Self::Bytes(elements) => tensor.push(elements[usize::from(value)]),
            Self::Floats(elements) => tensor.extend(elements[usize::from(value)].to_le_bytes()),
        }
    }
}

/// The whole number nearest to `number`, the even one of two, among the 256 from `least` on.
///
/// Only by comparisons: WasmEdge's compiler makes calls of C's library of rounding and of the larger of two numbers where a
/// processor may lack SSE 4.1, and then its native code can't be used at all.
fn nearest(number: f32, least: i32) -> i32 {
    let (mut below, mut above) = (0, BYTES as i32 - 1);
    while below < above {
        let middle = (below + above) / 2;
        let half = (least + middle) as f32 + 0.5;
        let is_above = number > half || (number == half && (least + middle) % 2 != 0);
        if is_above { below = middle + 1 } else { above = middle }
    }
    least + below
}

#[cfg(test)]
mod tests {
    use super::*;
    use packed::{Normalization, Quantization};

    const PIXELS: [u8; 6] = [0, 128, 255, 10, 20, 30];

    fn input(element: Element) -> Input {
        Input {
            tensor: String::new(),
            width: 2,
            height: 1,
            channels: 3,
            channels_first: false,
            element,
            normalization: None,
            quantization: None,
        }
    }

    fn normalized(element: Element, mean: f32, std: f32) -> Input {
        Input { normalization: Some(Normalization { mean: [mean; 3], std: [std; 3] }), ..input(element) }
    }

    fn floats(tensor: &[u8]) -> Vec<f32> {
        tensor.chunks_exact(4).map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap())).collect()
    }

    #[test]
    fn bytes_stay_bytes() {
        assert_eq!(tensor(PIXELS.to_vec(), &input(Element::Uint8)), PIXELS);
        let signed = tensor(PIXELS.to_vec(), &input(Element::Int8));
        assert_eq!(
            signed.iter().map(|byte| *byte as i8).collect::<Vec<_>>(),
            [-128, 0, 127, -118, -108, -98]
        );
    }

    #[test]
    fn floating_point_is_normalised_channel_by_channel() {
        let same = tensor(PIXELS.to_vec(), &normalized(Element::Float32, 127.5, 127.5));
        assert_eq!(floats(&same)[..3], [-1.0, 0.5 / 127.5, 1.0]);
        let mut each = normalized(Element::Float32, 0.0, 1.0);
        each.normalization = Some(Normalization { mean: [1.0, 2.0, 3.0], std: [1.0, 2.0, 4.0] });
        assert_eq!(floats(&tensor(PIXELS.to_vec(), &each)), [-1.0, 63.0, 63.0, 9.0, 9.0, 6.75]);
    }

    #[test]
    fn numbers_are_quantised_to_the_nearest_element() {
        let quantization = Some(Quantization { scale: 1.0 / 127.0, zero_point: -1 });
        let it = Input { quantization, ..normalized(Element::Int8, 127.5, 127.5) };
        let signed: Vec<i8> = tensor(PIXELS.to_vec(), &it).iter().map(|byte| *byte as i8).collect();
        assert_eq!(signed, [-128, -1, 126, -118, -108, -98]);
        let quantization = Some(Quantization { scale: 1.0 / 400.0, zero_point: 0 });
        let clipped = Input { quantization, ..normalized(Element::Uint8, 0.0, 255.0) };
        assert_eq!(tensor(PIXELS.to_vec(), &clipped), [0, 201, 255, 16, 31, 47]);
    }

    #[test]
    fn a_grey_input_gets_brightness_and_planes_are_apart() {
        let grey = Input { channels: 1, ..input(Element::Uint8) };
        // Pillow: Image.new("RGB", …).convert("L")
        assert_eq!(tensor(vec![255, 0, 0, 0, 255, 0], &grey), [76, 150]);
        let planes = Input { channels_first: true, ..input(Element::Uint8) };
        assert_eq!(tensor(PIXELS.to_vec(), &planes), [0, 10, 128, 20, 255, 30]);
    }

    #[test]
    fn the_nearest_element_is_that_of_ieee_754() {
        for step in -1_200..1_200 {
            let number = step as f32 / 4.0;
            for (least, greatest) in [(-128, 127), (0, 255)] {
                let expected = number.round_ties_even().clamp(least as f32, greatest as f32) as i32;
                assert_eq!(nearest(number, least), expected, "{number}");
            }
        }
    }
}
