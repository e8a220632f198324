use jpeg_encoder::{ColorType, Encoder};
use proptest::prelude::*;

use super::{assert_same, decode, error_of, notice_of, percent, read};
use crate::image::ImageError;

/// Where the marker's first byte is, from the start.
fn position(jpeg: &[u8], marker: u8) -> usize {
    jpeg.windows(2).position(|pair| pair == [0xFF, marker]).unwrap()
}

/// Where the data of the first scan starts.
fn data_start(jpeg: &[u8]) -> usize {
    let scan = position(jpeg, 0xDA);
    scan + 2 + usize::from(u16::from_be_bytes([jpeg[scan + 2], jpeg[scan + 3]]))
}

/// A picture of fine patterns, 320 × 320, of which the rows from `plain_from` on are white.
fn patterns(plain_from: usize) -> Vec<u8> {
    let (mut pixels, mut state) = (Vec::new(), 7_u32);
    for y in 0..320 {
        for x in 0..320_usize {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let grain = (state >> 27) as u8;
            let is_plain = y >= plain_from;
            pixels.extend(if is_plain {
                [255; 3]
            } else {
                [(x / 2) as u8, (y / 2) as u8, 90].map(|v| v + grain)
            });
        }
    }
    let mut jpeg = Vec::new();
    Encoder::new(&mut jpeg, 90).encode(&pixels, 320, 320, ColorType::Rgb).unwrap();
    jpeg
}

#[test]
fn a_plain_lower_half_is_there_whatever_a_harmless_warning_says() {
    let whole = patterns(150);
    let mut odd = whole.clone();
    // What Samsung's cameras write: a sequential scan that says it ends with coefficient 0.
    let scan = data_start(&odd);
    odd[scan - 2] = 0;
    assert_eq!(notice_of(&odd), None);
    assert_same(&odd, &whole);
}

#[test]
fn a_plain_lower_half_is_not_there_where_the_data_ends_before() {
    let whole = patterns(150);
    let start = data_start(&whole);
    let cut = &whole[..start + (whole.len() - start) * 6 / 10];
    let message = error_of(cut).to_string();
    // The upper half has nearly all of the data.
    assert!((20..40).contains(&percent(&message)), "{message}");
}

#[test]
fn bytes_between_and_behind_everything_do_no_harm() {
    let whole = read("restarts.jpg");
    let tables = position(&whole, 0xDB);
    let between = [&whole[..tables], b"junk between segments", &whole[tables..]].concat();
    assert_eq!((notice_of(&between), decode(&between).unwrap()), (None, decode(&whole).unwrap()));

    let without_end = &whole[..whole.len() - 2];
    let behind = [&whole[..], &[0xFF, 0xDA, 7, 7, 7, 7], &whole[..]].concat();
    let few_before_end = [without_end, &[0; 10], &[0xFF, 0xD9]].concat();
    for (jpeg, what) in
        [(without_end, "no end"), (&behind, "more behind the end"), (&few_before_end, "ten bytes")]
    {
        assert_eq!((notice_of(jpeg), decode(jpeg).unwrap()), (None, decode(&whole).unwrap()), "{what}");
    }

    let mut padded = Vec::new();
    for pair in whole.windows(2) {
        if pair[0] == 0xFF && matches!(pair[1], 0xD0..=0xD7) {
            padded.push(0);
        }
        padded.push(pair[0]);
    }
    padded.push(0xD9);
    assert!(padded.len() > whole.len());
    assert_eq!(
        (notice_of(&padded), decode(&padded).unwrap()),
        (None, decode(&whole).unwrap()),
        "a byte before RST"
    );
}

#[test]
fn zeros_over_a_part_of_the_data_and_a_part_cut_out_are_told() {
    let whole = patterns(320);
    let (start, end) = (data_start(&whole), whole.len() - 2);
    let middle = start + (end - start) / 2;
    let mut zeroed = whole.clone();
    zeroed[middle..middle + 512].fill(0);
    let cut_out = [&whole[..middle], &whole[middle + (end - start) / 10..]].concat();
    for (jpeg, what) in [(&zeroed, "512 bytes zeroed"), (&cut_out, "a tenth cut out")] {
        assert!(notice_of(jpeg).is_some(), "{what}");
    }
    assert!(percent(&notice_of(&cut_out).unwrap()) >= 80);
}

#[test]
fn a_file_that_was_never_written_to_its_end_is_refused_by_its_zeros() {
    for jpeg in [patterns(320), read("progressive.jpg"), read("arithmetic.jpg")] {
        let mut jpeg = jpeg;
        let start = data_start(&jpeg);
        let written = start + (jpeg.len() - start) / 4;
        jpeg[written..].fill(0);
        let error = error_of(&jpeg);
        assert!(matches!(&error, ImageError::Undecodable(reason) if reason.contains('%')), "{error}");
    }
}

/// The first `tenths` of the data, as they are and with the marker that ends a picture behind them.
fn cuts(jpeg: &[u8], tenths: usize) -> [Vec<u8>; 2] {
    let start = data_start(jpeg);
    let cut = jpeg[..start + (jpeg.len() - start) * tenths / 10].to_vec();
    let ended = [&cut[..], &[0xFF, 0xD9]].concat();
    [cut, ended]
}

/// The share that is there by what is said of a picture, which must say something.
fn told_share(jpeg: &[u8], what: &str) -> u32 {
    let text = match super::decode_with_notice(jpeg) {
        Ok((_, notice)) => notice.unwrap_or_else(|| panic!("{what} is taken for whole")),
        Err(error) => error.to_string(),
    };
    // Of the last row nobody can say how much is missing.
    if text.contains("damaged") || text.contains("last details") { 99 } else { percent(&text) }
}

#[test]
fn of_every_kind_the_share_that_is_there_shrinks_as_more_is_cut_off() {
    for name in [
        "baseline.jpg",
        "restarts.jpg",
        "12-bit.jpg",
        "lossless.jpg",
        "cmyk.jpg",
        "arithmetic.jpg",
        "12-bit-grey-arithmetic.jpg",
        "arithmetic-restarts.jpg",
    ] {
        let whole = read(name);
        let mut before = [0, 0];
        for tenths in 1..=9 {
            for (cut, before) in cuts(&whole, tenths).iter().zip(&mut before) {
                let what = format!("{name}, {tenths} tenths");
                let share = told_share(cut, &what);
                assert!(share >= *before && share <= (tenths as u32 + 3) * 10, "{what}: {share} %");
                *before = share;
            }
        }
        assert!(before.iter().all(|&share| share >= 60), "{name}: {before:?} %");
    }
}

#[test]
fn a_progressive_picture_that_is_cut_anywhere_and_ended_is_not_taken_for_whole() {
    for name in ["progressive.jpg", "progressive-restarts.jpg", "arithmetic-progressive.jpg"] {
        let whole = read(name);
        let mut before = 0;
        for tenths in 1..=9 {
            let [_, ended] = cuts(&whole, tenths);
            let share = told_share(&ended, &format!("{name}, {tenths} tenths"));
            assert!(share >= before, "{name}, {tenths} tenths: {share} %");
            before = share;
        }
        let [empty, ended] = cuts(&whole, 0);
        assert!(told_share(&empty, name) < 50 && told_share(&ended, name) < 50, "{name} without data");
    }
}

/// Tables and conditions (DHT, DAC) before the first scan, and between scans.
#[test]
fn a_picture_that_is_cut_within_a_table_is_refused_or_told() {
    for (name, table) in [
        ("baseline.jpg", 0xC4),
        ("progressive.jpg", 0xC4),
        ("arithmetic.jpg", 0xCC),
        ("arithmetic-progressive.jpg", 0xCC),
    ] {
        let whole = read(name);
        let tables = whole.windows(2).enumerate().filter(|(_, pair)| *pair == [0xFF, table]);
        let tables: Vec<usize> = tables.map(|(at, _)| at).collect();
        assert!(!tables.is_empty(), "{name}");
        for at in tables {
            for cut in [at + 2, at + 5] {
                for end in [&[][..], &[0xFF, 0xD9]] {
                    let found = super::decode_with_notice(&[&whole[..cut], end].concat());
                    assert!(!matches!(found, Ok((_, None))), "{name}, {cut} bytes");
                }
            }
        }
    }
}

#[test]
fn a_small_picture_s_data_under_the_header_of_a_large_one_is_little_of_it() {
    for (name, frame) in [("baseline.jpg", 0xC0), ("arithmetic.jpg", 0xC9), ("arithmetic-restarts.jpg", 0xC9)]
    {
        let mut jpeg = read(name);
        let frame = position(&jpeg, frame);
        jpeg[frame + 5..frame + 9].copy_from_slice(&[0x26, 0xAC, 0x26, 0xAC]);
        let message = error_of(&jpeg).to_string();
        assert!(percent(&message) < 5, "{name}: {message}");
    }
}

#[test]
fn an_interval_between_restarts_that_ends_early_is_told() {
    // Whatever arithmetic-coded data is cut to is the code of some picture: now and then it is one that needs no more.
    for (name, least_percent) in
        [("restarts.jpg", 100), ("progressive-restarts.jpg", 100), ("arithmetic-restarts.jpg", 75)]
    {
        let whole = read(name);
        let restarts = whole.windows(2).enumerate().filter(|(_, pair)| matches!(pair, [0xFF, 0xD0..=0xD7]));
        let ends: Vec<usize> = restarts.map(|(at, _)| at).collect();
        let starts = [data_start(&whole)].into_iter().chain(ends.iter().map(|end| end + 2));
        let (mut told, mut all) = (0, 0);
        // Of the first scan.
        let is_data = |part: &[u8]| !part.windows(2).any(|pair| pair[0] == 0xFF && pair[1] != 0);
        for (start, &end) in starts.zip(&ends).take_while(|(start, end)| is_data(&whole[*start..**end])) {
            let short = [&whole[..start + (end - start) / 4], &whole[end..]].concat();
            told += u32::from(!matches!(super::decode_with_notice(&short), Ok((_, None))));
            all += 1;
        }
        assert!(all >= 2 && told * 100 >= all * least_percent, "{name}: {told} of {all}");
    }
}

/// An encoder leaves out the zeros at the end of arithmetic-coded data, and a plain rest of a picture is nothing else.
#[test]
fn arithmetic_coding_that_ends_before_a_plain_rest_is_whole() {
    for name in [
        "arithmetic-plain.jpg",
        "arithmetic-plain-progressive.jpg",
        "arithmetic-plain-restarts.jpg",
        "arithmetic-one-colour.jpg",
        "arithmetic-one-colour-progressive.jpg",
    ] {
        let whole = read(name);
        assert_eq!(notice_of(&whole), None, "{name}");
        assert_eq!(notice_of(&whole[..whole.len() - 2]), None, "{name} without end");
    }
    let lower_half_is_plain = read("arithmetic-plain.jpg");
    for cut in cuts(&lower_half_is_plain, 5) {
        assert!(told_share(&cut, "half of the data of the upper half") < 50);
    }
}

#[test]
fn whole_pictures_of_every_kind_have_no_notice() {
    let mut seen = 0;
    for entry in std::fs::read_dir(super::folder()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if let Some(name) = name.strip_suffix(".rgb") {
            assert_eq!(notice_of(&read(name)), None, "{name}");
            seen += 1;
        }
    }
    assert!(seen > 50, "{seen}");
}

#[test]
fn a_progressive_picture_is_answered_once_its_coarse_part_is_there() {
    for name in [
        "progressive.jpg",
        "arithmetic-progressive.jpg",
        "12-bit-progressive.jpg",
        "progressive-restarts.jpg",
    ] {
        let whole = read(name);
        let scans: Vec<usize> = whole
            .windows(2)
            .enumerate()
            .filter(|(_, pair)| *pair == [0xFF, 0xDA])
            .map(|(at, _)| at)
            .collect();
        assert!(percent(&error_of(&whole[..scans[0] + 20]).to_string()) < 50, "{name}");
        assert_eq!(percent(&notice_of(&whole[..scans[1]]).unwrap()), 50, "{name}: the coarse part");
        let all_but_one = &whole[..*scans.last().unwrap()];
        assert!(notice_of(all_but_one).unwrap().contains("details"), "{name}: all but the last scan");
        assert_eq!(notice_of(&whole[..whole.len() - 2]), None, "{name}: no end");
    }
}

#[test]
fn of_components_that_come_one_after_the_other_the_light_must_be_there() {
    let whole = read("one-by-one.jpg");
    let scans: Vec<usize> =
        whole.windows(2).enumerate().filter(|(_, pair)| *pair == [0xFF, 0xDA]).map(|(at, _)| at).collect();
    assert!(notice_of(&whole[..scans[2]]).is_some(), "one colour is missing");
    assert!(matches!(error_of(&whole[..scans[0] + 100]), ImageError::Undecodable(_)));
}

#[test]
fn what_comes_behind_the_scans_that_were_read_can_only_be_told() {
    let mut jpeg = read("progressive.jpg");
    jpeg.truncate(jpeg.len() - 2);
    // A table of 16 × 255 codes.
    jpeg.extend([[0xFF, 0xC4, 0, 19, 0].as_slice(), &[0xFF; 16], &[0xFF, 0xD9]].concat());
    assert!(notice_of(&jpeg).unwrap().contains("damaged"));
    assert_same(&jpeg, &read("progressive.jpg"));
}

#[test]
fn kinds_that_are_not_read_are_named() {
    let with_frame = |change: &dyn Fn(&mut [u8])| {
        let mut jpeg = read("baseline.jpg");
        let frame = position(&jpeg, 0xC0);
        change(&mut jpeg[frame..]);
        error_of(&jpeg).to_string()
    };
    for (message, reason) in [
        (with_frame(&|frame| frame[1] = 0xC5), "hierarchical (SOF5)"),
        (with_frame(&|frame| frame[1] = 0xCB), "lossless and arithmetic-coded (SOF11)"),
        (with_frame(&|frame| frame[4] = 9), "9 bits a sample"),
        (with_frame(&|frame| frame[9] = 0), "libjpeg-turbo:"),
    ] {
        assert!(message.contains(reason), "{message}");
    }
    assert!(error_of(&read("header-only.jpg")).to_string().contains("ends before the picture starts"));
}

proptest! {
    /// The message or notice is for whoever sent the picture: one line, and no program's inside.
    #[test]
    fn whatever_is_wrong_is_said_in_one_line_for_people(
        name in prop::sample::select(vec!["restarts.jpg", "progressive.jpg", "lossless-12-bit.jpg", "one-by-one.jpg", "rgb-8.png", "grey-16-interlaced.png"]),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let mut bytes = read(name);
        for (index, value) in damage {
            let at = index.index(bytes.len());
            bytes[at] = value;
        }
        let text = match super::decode_with_notice(&bytes) {
            Ok((_, notice)) => notice.unwrap_or_default(),
            Err(error) => error.to_string(),
        };
        prop_assert!(!text.contains('\n') && !text.contains("Some(") && text.len() < 512, "{}", text);
    }
}
