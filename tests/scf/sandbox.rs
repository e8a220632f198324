//! `VISION_SANDBOX`: on a kernel that can, the function needs no files, no programs and no sockets but its connections.

use support::scf::{Event, Platform};
use support::{can_confine, read};

use crate::cos_server::CosServer;
use crate::events::LEMON;
use crate::program::{self, Installation};
use crate::session::Session;

const REQUIRE: (&str, &str) = ("VISION_SANDBOX", "require");

#[test]
fn a_confined_function_answers_and_labels_objects_of_a_bucket() {
    if !can_confine(env!("CARGO_BIN_EXE_vision")) {
        return;
    }
    let storage = CosServer::start("confined-1250000000");
    storage.put("in/lemon.jpg", &read(LEMON));
    let variables = storage.environment();
    let session = Session::packaged_with(&[&[REQUIRE], variables.as_slice()].concat());
    session.answer(Event::new(storage.created(&["in/lemon.jpg"])));
    assert!(storage.json("in/lemon.jpg.labels.json")["labels"].is_array());
    session.finish();
}

#[test]
fn a_kernel_without_landlock_is_enough_unless_the_sandbox_is_required() {
    let platform = Platform::start(&[]);
    let mut program = program::start(&Installation::PackagedOnAnOldKernel, platform.address(), &[REQUIRE]);
    assert_eq!(program.exit_code(), Some(2), "{}", program.stderr());
    let log = program.stderr();
    assert!(log.contains("the sandbox needs landlock: this kernel has no landlock"), "{log}");
    assert_eq!(platform.connections(), 0);
    let session = Session::start(&Installation::PackagedOnAnOldKernel, &[], &[]);
    let log = session.finish();
    assert!(log.contains("this kernel has no landlock"), "the default goes on and says so: {log}");
}
