//! Logs never contain a picture, a credential or a token, even at the most detailed level.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::json;
use support::read;
use support::scf::Event;

use crate::cos_server::{CosServer, SECRET_ID, SECRET_KEY, TOKEN, notification};
use crate::events::{FUNCTION_URL, LEMON, with_picture};
use crate::session::Session;

#[test]
fn nothing_of_pictures_credentials_and_tokens_is_logged_at_any_level() {
    let storage = CosServer::start("private-1250000000");
    storage.put("in/lemon.jpg", &read(LEMON));
    storage.put("in/forbidden.jpg", &read(LEMON));
    let mut environment = storage.environment();
    environment.push(("VISION_LOG", "trace"));
    let session = Session::built(&environment);
    session.answer(Event::new(with_picture(FUNCTION_URL, LEMON)));
    session.answer(Event::new(read("tests/tomato.json")));
    session.answer(Event::new(
        json!({"body": BASE64_STANDARD.encode("not a picture, but private")}).to_string(),
    ));
    let labelled = session.answer(Event::new(storage.created(&["in/lemon.jpg"])));
    let refused = session.answer(Event::new(storage.created(&["in/forbidden.jpg"])));
    let other = session.answer(Event::new(notification("elsewhere", "1250000000", &["x"])));
    let log = session.finish();
    let picture = BASE64_STANDARD.encode(read(LEMON));
    let half = picture.len() / 2;
    for text in [&log, &labelled.body, &refused.body, &other.body] {
        for secret in [SECRET_ID, SECRET_KEY, TOKEN, "q-signature", "q-sign-algorithm", "but private"] {
            assert!(!text.contains(secret), "{secret}: {text}");
        }
        assert!(!text.contains(&picture[..24]) && !text.contains(&picture[half..half + 24]));
    }
    assert!(log.contains("TRACE") || log.contains("DEBUG"), "the log says little:\n{log}");
}

#[test]
fn an_event_leaves_one_line_with_its_id_its_time_and_its_end() {
    let session = Session::packaged();
    session.answer(Event::new(read("tests/tomato.json")).id("good"));
    session.answer(Event::new("{}").id("bad"));
    let log = session.finish();
    let lines = |id: &str| -> Vec<&str> { log.lines().filter(|line| line.contains(id)).collect() };
    let [good] = lines("request_id=\"good\"")[..] else { panic!("{log}") };
    assert!(good.contains("INFO answered") && good.contains("milliseconds="), "{good}");
    let [bad] = lines("request_id=\"bad\"")[..] else { panic!("{log}") };
    assert!(bad.contains("WARN not answered") && bad.contains("code=\"bad_request\""), "{bad}");
}
