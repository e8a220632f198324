use super::*;
use proptest::prelude::*;

const FORM: &str = "multipart/form-data; boundary=X";

/// Name, type and content of each part.
fn found<'a>(body: &'a [u8], content_type: Option<&str>) -> Vec<(String, String, &'a [u8])> {
    let parts = parts(body, content_type).unwrap();
    let texts =
        |part: &Part| (part.name.clone().unwrap_or_default(), part.content_type.clone().unwrap_or_default());
    parts.iter().map(|part| (texts(part).0, texts(part).1, &body[part.content.clone()])).collect()
}

#[test]
fn parts_have_a_name_a_type_and_a_content() {
    let body = b"preamble\r\n--X\r\nContent-Disposition: form-data; name=\"a;b\"; filename=\"\"\r\ncontent-TYPE: image/jpeg\r\n\r\n\
        one\r\n\r\n--X  \r\n\r\ntwo\r\n--X--\r\nepilogue";
    assert_eq!(
        found(body, Some(FORM)),
        [
            ("a;b".to_owned(), "image/jpeg".to_owned(), &b"one\r\n"[..]),
            (String::new(), String::new(), b"two")
        ]
    );
}

#[test]
fn either_line_end_will_do_and_the_content_keeps_its_own() {
    let body = b"--X\nContent-Disposition: form-data; name=a\n\n1\r\n2\n3\n--X--\n";
    assert_eq!(found(body, Some(FORM)), [("a".to_owned(), String::new(), &b"1\r\n2\n3"[..])]);
}

#[test]
fn boundaries_come_in_quotes_with_anything_in_them_and_in_any_case_of_letters() {
    let body = b"--a=b;c'd\r\n\r\n1\r\n--a=b;c'd--";
    for content_type in [
        "multipart/mixed; boundary=\"a=b;c'd\"",
        "Multipart/Related; type=\"image/png\"; start; BOUNDARY = \"a=b;c'd\"",
    ] {
        assert_eq!(found(body, Some(content_type)).len(), 1, "{content_type}");
    }
    assert_eq!(found(b"--a=b\r\n\r\n1\r\n--a=b--", Some("multipart/form-data;boundary=a=b")).len(), 1);
}

#[test]
fn the_body_tells_the_boundary_where_the_content_type_does_not() {
    let body = b"\r\n--Y\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--Y--\r\n";
    for content_type in [None, Some("application/octet-stream"), Some("multipart/form-data"), Some(FORM)] {
        assert_eq!(
            found(body, content_type),
            [("a".to_owned(), String::new(), &b"1"[..])],
            "{content_type:?}"
        );
    }
    for body in [&b"--"[..], b"--\n\n", b"-- a list\nof things", b"---\nname: value\n", b"hello"] {
        assert_eq!(parts(body, None), None, "{body:?}");
        assert!(parts(body, Some(FORM)).is_some(), "{body:?}");
    }
}

#[test]
fn a_form_that_was_cut_off_keeps_what_came() {
    assert_eq!(found(b"--X\r\n\r\nhalf", Some(FORM)), [(String::new(), String::new(), &b"half"[..])]);
    assert_eq!(found(b"--X\r\nContent-Dis", Some(FORM)), [(String::new(), String::new(), &b""[..])]);
    assert_eq!(found(b"--X", Some(FORM)), []);
}

#[test]
fn what_only_begins_with_the_boundary_belongs_to_the_content() {
    let body = b"--X\r\n\r\n--Xyz\r\nand --X\r\n--X--";
    assert_eq!(found(body, Some(FORM)), [(String::new(), String::new(), &b"--Xyz\r\nand --X"[..])]);
}

#[test]
fn names_of_files_are_as_they_are_and_none_of_our_business() {
    for disposition in [
        &b"form-data; filename=\"\\xB7\\xAC.jpg\"; name=\"f\""[..],
        b"form-data; filename*=UTF-8''%e7%95%aa.jpg; name=f",
        b"form-data; filename=\"\xB7\xAC\xC7\xD1.jpg\"; name=\"f\"",
        b"form-data; filename=\"C:\\tmp\\a.jpg\"; name=f",
        b"form-data; filename=\"a\\\"; name=\\\"b\"; name=f",
    ] {
        let body = [b"--X\r\nContent-Disposition: ", disposition, b"\r\n\r\n1\r\n--X--"].concat();
        assert_eq!(found(&body, Some(FORM)), [("f".to_owned(), String::new(), &b"1"[..])], "{disposition:?}");
    }
}

#[test]
fn forms_without_end_are_read_to_the_bound() {
    let body = b"--X\r\n\r\n\r\n".repeat(5000);
    assert_eq!(parts(&body, Some(FORM)).unwrap().len(), MAX_PARTS);
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        contents in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40), 0..5),
        boundary in "[0-9a-zA-Z'()+_,./:=?-]{8,40}", is_crlf: bool,
    ) {
        let end = if is_crlf { "\r\n" } else { "\n" };
        let mut body = Vec::new();
        for (number, content) in contents.iter().enumerate() {
            let head = format!("--{boundary}{end}Content-Disposition: form-data; name=\"{number}\"{end}{end}");
            body.extend([head.as_bytes(), content, end.as_bytes()].concat());
        }
        body.extend(format!("--{boundary}--{end}").bytes());
        let content_type = format!("multipart/form-data; boundary=\"{boundary}\"");
        let expected: Vec<&[u8]> = contents.iter().map(|content| match content.strip_suffix(b"\r") {
            // With bare line feeds, nobody can tell whose the carriage return is.
            Some(content) if !is_crlf => content,
            _ => content,
        }).collect();
        let found = found(&body, Some(&content_type));
        prop_assert_eq!(found.iter().map(|(_, _, content)| *content).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn any_body_under_any_type_is_read_within_its_bounds(
        content_type in "(multipart/[a-z]{0,3})?(; ?(boundary|x)(=(X|\"X\"?|))?){0,2}",
        pieces in proptest::collection::vec("(--X|--|\r?\n|Content-Disposition: a; name=|[:;\"=é]|.)", 0..30),
    ) {
        let body = pieces.concat().into_bytes();
        for part in parts(&body, Some(&content_type)).unwrap_or_default() {
            prop_assert!(body.get(part.content).is_some());
        }
    }
}
