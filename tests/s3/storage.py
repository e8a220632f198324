"""Storages for the tests: moto, which checks signatures and IAM's policies, and s3s-fs, which holds to the policies of uploads."""

from __future__ import annotations

import json
import logging
import os
import re
import subprocess
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote

# What is called before anybody has rights: a user, its key, and its policy.
os.environ["INITIAL_NO_AUTH_ACTION_COUNT"] = "3"
os.environ.setdefault("AWS_EC2_METADATA_DISABLED", "true")

import boto3  # noqa: E402
import flask  # noqa: E402
from botocore.config import Config  # noqa: E402
from moto.iam.access_control import S3IAMRequest  # noqa: E402
from moto.server import ThreadedMotoServer  # noqa: E402


def of_raw_path(self, make=S3IAMRequest._create_aws_request):
    """moto 5.2.5 checks the signature over a path that it has decoded and encoded again, so that `+` is another letter."""
    self._path = flask.request.environ["REQUEST_URI"]
    return make(self)


S3IAMRequest._create_aws_request = of_raw_path

logging.getLogger("werkzeug").setLevel(logging.ERROR)

REGION = "eu-central-1"
PROJECT = Path(__file__).resolve().parent.parent.parent
S3S_FS = PROJECT / os.environ.get("S3S_FS", ".toolchain/s3s-fs-0.14.1/bin/s3s-fs")

# The least that the function's role needs (docs/aws.md).
ROLE_POLICY = {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Resource": "arn:aws:s3:::*",
     "Action": ["s3:GetObject", "s3:GetObjectVersion", "s3:PutObject", "s3:ListBucket", "s3:GetObjectTagging",
                "s3:GetObjectVersionTagging", "s3:PutObjectTagging", "s3:PutObjectVersionTagging"]}]}
# moto only knows users that take roles.
TRUST = {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:user/admin"}, "Action": "sts:AssumeRole"}]}


class Moto:
    """An account with an administrator and a role; there is one in a process."""

    instance: "Moto | None" = None

    @classmethod
    def get(cls) -> "Moto":
        cls.instance = cls.instance or cls()
        return cls.instance

    def __init__(self) -> None:
        self.server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        self.server.start()
        host, port = self.server.get_host_and_port()
        self.endpoint = f"http://{host}:{port}"
        nobody = {"aws_access_key_id": "nobody", "aws_secret_access_key": "nobody"}
        iam = boto3.client("iam", endpoint_url=self.endpoint, region_name=REGION, **nobody)
        iam.create_user(UserName="admin")
        key = iam.create_access_key(UserName="admin")["AccessKey"]
        everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
        iam.put_user_policy(UserName="admin", PolicyName="all", PolicyDocument=json.dumps(everything))
        self.key = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
        self.s3 = self.client("s3")
        self.roles = 0

    def client(self, service: str):
        return boto3.client(service, endpoint_url=self.endpoint, region_name=REGION, **self.key,
                            config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1}))

    def role(self, policy: object = None) -> dict:
        """Temporary credentials of a new role with this policy."""
        self.roles += 1
        iam, name = self.client("iam"), f"vision-{self.roles}"
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
        iam.put_role_policy(RoleName=name, PolicyName="s3", PolicyDocument=json.dumps(policy or ROLE_POLICY))
        return self.client("sts").assume_role(RoleArn=arn, RoleSessionName="function")["Credentials"]

    def environment(self, policy: object = None) -> dict[str, str]:
        """What a function with such a role has in its environment."""
        credentials = self.role(policy)
        return {"AWS_ACCESS_KEY_ID": credentials["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": credentials["SecretAccessKey"],
                "AWS_SESSION_TOKEN": credentials["SessionToken"], "VISION_S3_ENDPOINT": self.endpoint}

    def bucket(self, name: str, versioned: bool = False) -> "Bucket":
        self.s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
        if versioned:
            self.s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        return Bucket(self.s3, name)


class Bucket:
    """A bucket, and what is told of its objects."""

    def __init__(self, s3, name: str) -> None:
        self.s3, self.name = s3, name

    def put(self, key: str, body: bytes) -> dict:
        """Puts an object; the record of it, as S3 would send it."""
        put = self.s3.put_object(Bucket=self.name, Key=key, Body=body)
        return record(self.name, key, len(body), put["ETag"].strip('"'), put.get("VersionId"))

    def keys(self) -> list[str]:
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.name)
        return [entry["Key"] for page in pages for entry in page.get("Contents", [])]

    def versions(self) -> list[str]:
        """A key for each version of each object."""
        pages = self.s3.get_paginator("list_object_versions").paginate(Bucket=self.name)
        return [entry["Key"] for page in pages for entry in page.get("Versions", [])]

    def labels(self, key: str) -> dict:
        return json.loads(self.s3.get_object(Bucket=self.name, Key=f"{key}.labels.json")["Body"].read())


def record(bucket: str, key: str, size: int, etag: str, version: str | None = None, sequencer: str = "") -> dict:
    """What S3 tells of a new object."""
    told = {"key": quote(key, safe="/").replace("%20", "+"), "size": size, "eTag": etag,
            "sequencer": sequencer or f"{time.time_ns():018X}"}
    if version:
        told["versionId"] = version
    return {"eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": REGION, "eventName": "ObjectCreated:Put",
            "eventTime": "2026-11-30T08:00:00.000Z",
            "s3": {"s3SchemaVersion": "1.0", "bucket": {"name": bucket, "arn": f"arn:aws:s3:::{bucket}"}, "object": told}}


def notification(*records: dict) -> dict:
    return {"Records": list(records)}


class S3sFs:
    """A server with buckets in folders, and one user."""

    KEY = {"aws_access_key_id": "AKIDTESTTESTTEST", "aws_secret_access_key": "KEYTESTKEYTESTKEYTEST"}

    def __init__(self, bucket: str) -> None:
        assert S3S_FS.exists(), f"{S3S_FS} is missing: `make test-s3` installs it"
        self.folder = tempfile.TemporaryDirectory()
        command = [S3S_FS, "--host", "127.0.0.1", "--port", "0", "--access-key", self.KEY["aws_access_key_id"],
                   "--secret-key", self.KEY["aws_secret_access_key"], self.folder.name]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                        env={**os.environ, "RUST_LOG": "s3s_fs=info", "NO_COLOR": "1"})
        said = []
        for line in self.process.stdout:
            said.append(line)
            if found := re.search(r"http://127\.0\.0\.1:(\d+)", line):
                break
        else:
            raise AssertionError("".join(said))
        threading.Thread(target=self.process.stdout.read, daemon=True).start()
        self.endpoint = f"http://127.0.0.1:{found.group(1)}"
        self.s3 = boto3.client("s3", endpoint_url=self.endpoint, region_name=REGION, **self.KEY,
                               config=Config(s3={"addressing_style": "path"}))
        self.s3.create_bucket(Bucket=bucket)
        self.bucket = Bucket(self.s3, bucket)

    def environment(self) -> dict[str, str]:
        return {"AWS_ACCESS_KEY_ID": self.KEY["aws_access_key_id"],
                "AWS_SECRET_ACCESS_KEY": self.KEY["aws_secret_access_key"], "VISION_S3_ENDPOINT": self.endpoint}

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self.folder.cleanup()


class Container:
    """The address at which a container asks for the credentials of its role."""

    def __init__(self, credentials: list[dict], token: str) -> None:
        self.asked = 0
        container = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.headers.get("Authorization") != token:
                    self.send_response(403)
                    self.end_headers()
                    return
                given = credentials[min(container.asked, len(credentials) - 1)]
                container.asked += 1
                body = json.dumps(given).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/role"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
