use super::*;

/// Sees a person where red is, and a face where blue is.
#[derive(Default)]
struct Colours {
    passes: usize,
    /// What every pass but the first sees.
    later: Option<f32>,
}

impl Networks for Colours {
    fn person(&mut self, tensor: &[f32]) -> Result<Vec<f32>, FunctionError> {
        self.passes += 1;
        let seen = tensor.chunks_exact(3).map(|pixel| pixel[0]);
        Ok(match self.later {
            Some(value) if self.passes > 1 => seen.map(|_| value).collect(),
            _ => seen.collect(),
        })
    }

    fn face(&mut self, tensor: &[f32]) -> Result<Vec<f32>, FunctionError> {
        Ok(tensor.chunks_exact(3).map(|pixel| pixel[2] * 5.0).collect())
    }
}

/// 400 × 200 black pixels with a red part, of which a part is blue, too.
fn picture(red: Region, has_face: bool) -> Image {
    let mut rgb = vec![0; 400 * 200 * 3];
    for y in red.top..red.bottom {
        for x in red.left..red.right {
            let blue = if has_face && y < red.top + 40 { 255 } else { 0 };
            rgb[(y * 400 + x) * 3..][..3].copy_from_slice(&[255, 0, blue]);
        }
    }
    Image::new(400, 200, rgb).unwrap()
}

fn find_in(image: &Image, subject: Subject, networks: &mut Colours) -> Result<Mask, FunctionError> {
    find(image, &Reduced::of(image, &image.whole(), 1), subject, networks)
}

const SMALL_ONE: Region = Region { left: 100, top: 50, right: 180, bottom: 150 };
const LARGE_ONE: Region = Region { left: 20, top: 10, right: 380, bottom: 190 };

#[test]
fn a_small_person_is_looked_at_twice_and_a_large_one_once() {
    let mut networks = Colours::default();
    let mask = find_in(&picture(SMALL_ONE, true), Subject::Person, &mut networks).unwrap();
    let Region { left, top, right, bottom } = *mask.region();
    assert_eq!(networks.passes, 2);
    assert!(
        (86..90).contains(&left)
            && (33..37).contains(&top)
            && (190..194).contains(&right)
            && (163..167).contains(&bottom)
    );
    assert!((mask.area() - 8000.0).abs() < 200.0, "{}", mask.area());
    let mut networks = Colours::default();
    let mask = find_in(&picture(LARGE_ONE, true), Subject::Person, &mut networks).unwrap();
    assert_eq!((networks.passes, *mask.region()), (1, picture(LARGE_ONE, true).whole()));
}

#[test]
fn a_second_pass_that_loses_the_person_is_not_used() {
    let image = picture(SMALL_ONE, true);
    let mask =
        find_in(&image, Subject::Person, &mut Colours { later: Some(0.0), ..Colours::default() }).unwrap();
    assert_eq!(*mask.region(), image.whole());
}

#[test]
fn nobody_is_an_error_that_says_why() {
    let empty = Region { left: 0, top: 0, right: 0, bottom: 0 };
    for subject in [Subject::Person, Subject::Any] {
        let error = find_in(&picture(empty, false), subject, &mut Colours::default()).unwrap_err();
        assert_eq!(error.code(), ErrorCode::NoPerson);
        assert!(error.message().contains("nothing in it looks like a person"), "{error}");
    }
    let without_face = picture(SMALL_ONE, false);
    let error = find_in(&without_face, Subject::Person, &mut Colours::default()).unwrap_err();
    assert_eq!(error.code(), ErrorCode::NoPerson);
    assert!(error.message().contains("no face") && error.message().contains("subject=any"), "{error}");
    assert!(find_in(&without_face, Subject::Any, &mut Colours::default()).is_ok());
}

#[test]
fn a_network_that_gives_something_else_is_no_panic() {
    struct Broken;
    impl Networks for Broken {
        fn person(&mut self, _tensor: &[f32]) -> Result<Vec<f32>, FunctionError> {
            Ok(vec![0.5; 7])
        }
        fn face(&mut self, _tensor: &[f32]) -> Result<Vec<f32>, FunctionError> {
            Ok(Vec::new())
        }
    }
    let image = picture(SMALL_ONE, true);
    let error = find(&image, &Reduced::of(&image, &image.whole(), 1), Subject::Any, &mut Broken).unwrap_err();
    assert_eq!(
        (error.code(), error.message()),
        (ErrorCode::Internal, "the network gave 7 values instead of 65536")
    );
}
