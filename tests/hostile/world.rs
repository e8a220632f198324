//! What a module that was granted nothing finds of files, sockets, the environment and the clock.

use crate::functions;
use crate::guest::{Call, Guest};

#[test]
fn every_function_answers_as_documented_where_nothing_was_granted() {
    let guest = Guest::start();
    let mut wrong = Vec::new();
    for function in functions::all() {
        let calls = Call::after_what_it_needs(&function, Call::of(function.module, function.name));
        let answer = guest.make_and_exit(&calls);
        let expected = if function.name == "proc_exit" { 10 } else { function.answer + crate::guest::EXIT };
        if answer != expected {
            wrong.push(format!("{}: {answer}, expected {expected}", function.name));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    guest.assert_answers();
}

#[test]
fn descriptors_end_with_the_three_streams() {
    let guest = Guest::start();
    for fd in [3_u32, 4, 5, 100, 1 << 31, u32::MAX] {
        for name in ["fd_read", "fd_write", "fd_fdstat_get", "fd_filestat_get", "fd_prestat_get", "path_open"]
        {
            assert_eq!(guest.result(&[Call::ordinary(name).with(0, fd)]), 8, "{name} {fd}");
        }
    }
}
