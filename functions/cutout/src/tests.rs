use super::*;
use options::Subject;
use proptest::prelude::*;

/// Networks that see what they are told.
struct Told(Vec<f32>);

impl Networks for Told {
    fn person(&mut self, _tensor: &[f32]) -> Result<Vec<f32>, FunctionError> {
        Ok(self.0.clone())
    }

    fn face(&mut self, _tensor: &[f32]) -> Result<Vec<f32>, FunctionError> {
        Ok(vec![9.0])
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_is_in_a_picture_and_its_mask_the_answer_has_its_size(
        (width, height) in prop_oneof![(1_usize..80, 1_usize..80), (1_usize..3, 1_usize..1500), (1_usize..1500, 1_usize..3)],
        colours in proptest::collection::vec(any::<[u8; 3]>(), 1..9),
        likely in proptest::collection::vec(prop_oneof![0.0_f32..1.0, Just(f32::NAN), Just(f32::INFINITY), Just(-1e30)], 1..9),
        background in prop_oneof![Just(Background::None), Just(Background::Blur), any::<[u8; 3]>().prop_map(Background::Colour)],
        format in prop_oneof![Just(Format::Png), Just(Format::Mask), Just(Format::Jpeg)],
    ) {
        let rgb: Vec<u8> = (0..width * height).flat_map(|at| colours[at / 7 % colours.len()]).collect();
        let image = Image::new(width, height, rgb).unwrap();
        let mask = (0..mask::SIDE * mask::SIDE).map(|at| likely[at / 3000 % likely.len()]).collect();
        let options = Options { background, format, size: 2048, subject: Subject::Person };
        match cut_out(&image, &options, &mut Told(mask)) {
            Ok(raster) => prop_assert_eq!((raster.width() as usize, raster.height() as usize), (width, height)),
            Err(error) => prop_assert_eq!(error.code(), kit::ErrorCode::NoPerson),
        }
    }
}
