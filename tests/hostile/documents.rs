//! Every test that docs/security.md names exists.

use std::path::{Path, PathBuf};

use support::read;

#[test]
fn the_tests_that_the_table_of_threats_names_exist() {
    let text = String::from_utf8(read("docs/security.md")).unwrap();
    let mut count = 0;
    // In the table a test is `path::name`.
    for reference in text.split('`').filter(|word| word.contains(".rs::")) {
        let (path, name) = reference.split_once("::").unwrap();
        let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
        let source = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{reference}: {error}"));
        let has_test = source.contains(&format!("fn {name}("));
        assert!(has_test, "docs/security.md names {reference}, which is not there");
        count += 1;
    }
    assert!(count >= 20, "{count} tests are named");
}
