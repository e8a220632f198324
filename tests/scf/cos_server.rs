//! A bucket in a real S3 server behind a check of COS signatures (tests/cos/server.py), and events about it.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use serde_json::{Value, json};
use support::{file, read};

// The same as in tests/cos/server.py.
pub(crate) const SECRET_ID: &str = "AKIDTESTTESTTEST";
pub(crate) const SECRET_KEY: &str = "KEYTESTKEYTESTKEYTEST";
pub(crate) const TOKEN: &str = "TOKENTESTTOKENTEST";

const APPID: &str = "1250000000";

/// One bucket; the server behind it is shared by all tests.
pub(crate) struct CosServer {
    address: String,
    bucket: String,
    endpoint: String,
}

impl CosServer {
    /// A new bucket with this name (with the APPID).
    pub(crate) fn start(bucket: &str) -> Self {
        let address = server();
        let server = Self {
            address: address.to_owned(),
            bucket: bucket.to_owned(),
            endpoint: format!("{address}/{{bucket}}"),
        };
        assert_eq!(server.request("PUT", bucket, &[]).0, 200);
        server
    }

    /// What the function must be told.
    pub(crate) fn environment(&self) -> Vec<(&str, &str)> {
        vec![
            ("TENCENTCLOUD_SECRETID", SECRET_ID),
            ("TENCENTCLOUD_SECRETKEY", SECRET_KEY),
            ("TENCENTCLOUD_SESSIONTOKEN", TOKEN),
            ("VISION_COS_ENDPOINT", &self.endpoint),
        ]
    }

    pub(crate) fn put(&self, key: &str, object: &[u8]) {
        let path = format!("{}/{}", self.bucket, encoded(key));
        assert_eq!(self.request("PUT", &path, object).0, 200);
    }

    pub(crate) fn get(&self, key: &str) -> Option<Vec<u8>> {
        let (status, body) = self.request("GET", &format!("{}/{}", self.bucket, encoded(key)), &[]);
        (status == 200).then_some(body)
    }

    /// An object that must be JSON.
    pub(crate) fn json(&self, key: &str) -> Value {
        let object = self.get(key).unwrap_or_else(|| panic!("{key} is not in {}", self.bucket));
        serde_json::from_slice(&object).unwrap()
    }

    /// The event that these objects were put into the bucket.
    pub(crate) fn created(&self, keys: &[&str]) -> String {
        notification(self.bucket.strip_suffix(&format!("-{APPID}")).unwrap(), APPID, keys)
    }

    fn request(&self, method: &str, path: &str, body: &[u8]) -> (u16, Vec<u8>) {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let client = reqwest::Client::builder().no_proxy().build().unwrap();
            let request = client.request(method, format!("{}/{path}", self.address)).header("x-test", "1");
            let response = request.body(body.to_vec()).send().await.unwrap();
            (response.status().as_u16(), response.bytes().await.unwrap().into())
        })
    }
}

/// The platform's own sample event, about these objects.
pub(crate) fn notification(bucket: &str, appid: &str, keys: &[&str]) -> String {
    let mut event: Value = serde_json::from_slice(&read("tests/events/scf/cos-put.json")).unwrap();
    let sample = event["Records"][0].clone();
    let records = keys.iter().map(|key| {
        let mut record = sample.clone();
        record["cos"]["cosBucket"]["name"] = json!(bucket);
        record["cos"]["cosBucket"]["appid"] = json!(appid);
        record["cos"]["cosObject"]["key"] = json!(format!("/{appid}/{bucket}/{key}"));
        record
    });
    event["Records"] = records.collect();
    event.to_string()
}

/// A question behind the key stays one.
fn encoded(key: &str) -> String {
    if let Some(key) = key.strip_suffix("?tagging") {
        return format!("{}?tagging", encoded(key));
    }
    percent_encoding::utf8_percent_encode(key, percent_encoding::NON_ALPHANUMERIC).to_string()
}

/// The address of the server. It ends with this process, which holds its standard input.
fn server() -> &'static str {
    static SERVER: OnceLock<(Child, String)> = OnceLock::new();
    let (_, address) = SERVER.get_or_init(|| {
        let packages = file(".toolchain/cos-server");
        assert!(packages.exists(), ".toolchain/cos-server is missing: run `make test`, which installs it");
        let mut child = Command::new("python3")
            .arg(file("tests/cos/server.py"))
            .env("PYTHONPATH", packages)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut port = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut port).unwrap();
        (child, format!("http://127.0.0.1:{}", port.trim()))
    });
    address
}
