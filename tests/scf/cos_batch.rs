//! `vision batch` over a bucket of COS, whose requests are signed as COS asks for.

use std::collections::BTreeSet;
use std::process::Output;

use serde_json::Value;
use support::{function, read, vision};

use crate::cos_server::CosServer;

fn batch(server: &CosServer, source: &str, environment: &[(&str, &str)]) -> Output {
    let mut command = vision(env!("CARGO_BIN_EXE_vision"));
    command.args(["batch", source, "--wasm"]).arg(function()).env("TENCENTCLOUD_REGION", "ap-guangzhou");
    command.envs(server.environment()).envs(environment.iter().copied()).output().unwrap()
}

fn rows(output: &Output) -> Vec<Value> {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn photos_of_a_bucket_have_a_row_each_over_several_pages_of_its_list() {
    let server = CosServer::start("batch-1250000000");
    let keys: BTreeSet<String> = (0..1010).map(|number| format!("进/{number:04} +&.jpg")).collect();
    keys.iter().for_each(|key| server.put(key, b"GIF89a"));
    server.put("进/0000 +&.jpg", &read("tests/samples/lemon.jpg"));
    server.put("out/other.jpg", b"GIF89a");
    let done = batch(&server, "cos://batch-1250000000/进/", &[]);
    assert_eq!(done.status.code(), Some(0), "{}", String::from_utf8_lossy(&done.stderr));
    let rows = rows(&done);
    assert_eq!(rows.len(), keys.len());
    let named: BTreeSet<String> = rows.iter().map(|row| row["path"].as_str().unwrap().to_owned()).collect();
    assert_eq!(named, keys);
    for row in rows {
        let is_lemon = row["path"] == "进/0000 +&.jpg";
        assert_eq!(row["predictions"].is_array(), is_lemon, "{row}");
        assert_eq!(row["error"]["code"] == "unsupported_image", !is_lemon, "{row}");
    }
}

#[test]
fn a_bucket_that_can_t_be_listed_ends_the_batch_with_the_reason() {
    let server = CosServer::start("batch-closed-1250000000");
    for (source, environment, reason) in [
        (
            "cos://batch-closed-1250000000/",
            [("TENCENTCLOUD_SECRETKEY", "another")],
            "the storage refused to list",
        ),
        ("cos://nowhere-1250000000/", [("VISION_LOG", "off")], "there is no bucket nowhere-1250000000"),
    ] {
        let done = batch(&server, source, &environment);
        let said = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.code() == Some(1) && said.contains(reason), "{said}");
    }
}
