use super::{assert_same, chunk, crc, decode, distance, error_of, notice_of, percent, read, with_chunks};

#[test]
fn what_comes_behind_the_rows_of_a_png_is_of_no_account() {
    for name in ["rgb-8.png", "palette-4-transparent.png", "rgb-16-interlaced.png"] {
        let whole = read(name);
        let end = whole.len() - 12;
        let mut wrong_sum = chunk(b"tEXt", b"key\0value");
        *wrong_sum.last_mut().unwrap() ^= 1;
        let cases = [
            ("no IEND", whole[..end].to_vec()),
            ("no sum behind the data", whole[..end - 4].to_vec()),
            ("garbage", [&whole[..end], b"garbage of every kind"].concat()),
            ("a wrong sum", with_chunks(&whole, b"IEND", &wrong_sum)),
            (
                "a frame out of sequence",
                with_chunks(&whole, b"IEND", &chunk(b"fdAT", &[0, 0, 0, 9, 1, 2, 3])),
            ),
            ("an unknown chunk that must be known", with_chunks(&whole, b"IEND", &chunk(b"ABCD", b"?"))),
            ("a second picture", [&whole[..], &whole[..]].concat()),
        ];
        for (what, png) in cases {
            assert_eq!(notice_of(&png), None, "{name}: {what}");
            assert_eq!(decode(&png).unwrap(), decode(&whole).unwrap(), "{name}: {what}");
        }
    }
}

#[test]
fn an_animation_with_a_gap_gives_its_first_frame() {
    let whole = read("rgb-8.png");
    let frame = |sequence: u32| {
        let control = [sequence, 61, 47, 0, 0].map(u32::to_be_bytes).concat();
        chunk(b"fcTL", &[control, vec![0, 1, 0, 10, 0, 0]].concat())
    };
    let animated =
        with_chunks(&whole, b"IDAT", &[chunk(b"acTL", &[0, 0, 0, 2, 0, 0, 0, 0]), frame(0)].concat());
    let gap = with_chunks(&animated, b"IEND", &[frame(5), chunk(b"fdAT", &[0, 0, 0, 9, 1, 2])].concat());
    assert_eq!((notice_of(&gap), decode(&gap).unwrap()), (None, decode(&whole).unwrap()));
}

#[test]
fn a_png_with_half_of_its_rows_is_answered_and_one_with_less_is_not() {
    let whole = read("rgb-8.png");
    assert_eq!(
        notice_of(&read("wrong-crc.png")).unwrap(),
        "the picture is damaged; parts of it may show something else"
    );
    assert_same(&read("wrong-crc.png"), &whole);
    let mut before = 0;
    for tenth in 1..=9 {
        let text = match super::decode_with_notice(&whole[..whole.len() * tenth / 10]) {
            Ok((_, notice)) => notice.unwrap(),
            Err(error) if error.to_string().contains('%') => error.to_string(),
            // Not a row.
            Err(_) => continue,
        };
        let share = percent(&text);
        assert!(share >= before && share < 100, "{tenth} tenths: {text}");
        before = share;
    }
    assert!(before > 60, "{before}");
}

#[test]
fn an_interlaced_png_needs_all_but_its_last_pass() {
    let whole = read("rgb-8-interlaced.png");
    let early = error_of(&whole[..whole.len() / 3]).to_string();
    assert!(percent(&early) < 50, "{early}");
    let late = &whole[..whole.len() * 9 / 10];
    assert!(percent(&notice_of(late).unwrap()) > 50);
    let (mean, _) = distance(&decode(late).unwrap(), &decode(&whole).unwrap());
    assert!(mean < 3.0, "rows that are missing look like those above: {mean:.2}");
}

#[test]
fn a_wrong_sum_within_the_data_does_not_end_it() {
    let whole = read("rgb-16.png");
    let at = whole.windows(4).position(|name| name == b"IDAT").unwrap();
    let length = u32::from_be_bytes(whole[at - 4..at].try_into().unwrap()) as usize;
    let (data, end) = (&whole[at + 4..at + 4 + length], &whole[at + 4 + length + 4..]);
    let parts: Vec<Vec<u8>> = data.chunks(length / 3 + 1).map(|part| chunk(b"IDAT", part)).collect();
    let mut parts = parts.concat();
    let first_sum = 8 + length / 3 + 1;
    parts[first_sum] ^= 1;
    let png = [&whole[..at - 4], &parts, end].concat();
    assert!(notice_of(&png).unwrap().contains("damaged"));
    assert_same(&png, &whole);
}

#[test]
fn a_palette_that_no_pixel_refers_to_may_be_anything() {
    for name in ["rgb-8.png", "rgb-alpha-16-interlaced.png", "grey-8.png"] {
        let whole = read(name);
        for length in [0, 5, 771] {
            let odd = with_chunks(&whole, b"IDAT", &chunk(b"PLTE", &vec![9; length]));
            assert_eq!(notice_of(&odd), None, "{name}, {length} bytes");
            assert_same(&odd, &whole);
        }
    }
}

#[test]
fn of_two_palettes_the_first_counts() {
    let whole = read("palette-8.png");
    let twice = with_chunks(&whole, b"IDAT", &chunk(b"PLTE", &[9; 768]));
    assert_eq!(notice_of(&twice), None);
    assert_same(&twice, &whole);
}

#[test]
fn a_header_that_names_another_compression_is_read_and_damaged_unless_its_sum_says_what_it_was() {
    for name in ["rgb-8.png", "palette-4-transparent.png", "grey-16-interlaced.png"] {
        let whole = read(name);
        let mut odd = whole.clone();
        odd[8 + 8 + 10] = 128;
        assert_eq!(notice_of(&odd), None, "{name}");
        assert_same(&odd, &whole);
        let sum = crc(&odd[12..29]);
        odd[29..33].copy_from_slice(&sum.to_be_bytes());
        assert!(notice_of(&odd).unwrap().contains("the picture is damaged"), "{name}");
        assert_same(&odd, &whole);
        assert_eq!(super::super::png::upright_size(&odd), super::super::png::upright_size(&whole));
    }
}

#[test]
fn messages_name_a_chunk_by_its_name_alone() {
    let header_late = with_chunks(&read("rgb-8.png"), b"IHDR", &chunk(b"gAMA", &[0; 4]));
    let message = error_of(&header_late).to_string();
    assert!(
        message.contains("gAMA chunk appeared before IHDR") && !message.contains("ChunkType"),
        "{message}"
    );
}

#[test]
fn apple_s_png_is_named() {
    let png = with_chunks(&read("rgb-8.png"), b"IHDR", &chunk(b"CgBI", &[0x50, 0, 0x20, 6]));
    assert!(error_of(&png).to_string().contains("CgBI"), "{}", error_of(&png));
}
