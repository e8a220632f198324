"""Buckets: the one for the function's archive, files of the page, and emptying before removal."""

from __future__ import annotations

import hashlib
import mimetypes
from pathlib import Path

from botocore.exceptions import ClientError

from deploy.aws.account import Account, Refused


def code_bucket(account: Account, stack: str) -> str:
    """The name of the bucket for the archives of a stack's function."""
    return f"{stack}-code-{account.number}-{account.region}"


def put_code(account: Account, bucket: str, archive: Path) -> str:
    """Uploads the archive, unless it is there; returns its key, which is named by its content."""
    storage = account.session.client("s3")
    _make(account, bucket)
    key = f"lambda-{hashlib.sha256(archive.read_bytes()).hexdigest()[:16]}.zip"
    if not _has(storage, bucket, key):
        storage.upload_file(str(archive), bucket, key)
    return key


def _make(account: Account, bucket: str) -> None:
    storage = account.session.client("s3")
    owner = {"Bucket": bucket, "ExpectedBucketOwner": account.number}
    try:
        storage.head_bucket(**owner)
        return
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code == "403":
            raise Refused(f"the bucket {bucket} belongs to somebody else, or may not be looked at") from error
        if code not in ("404", "NoSuchBucket"):
            raise
    place = {} if account.region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": account.region}}
    storage.create_bucket(Bucket=bucket, ObjectOwnership="BucketOwnerEnforced", **place)
    closed = dict.fromkeys(("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), True)
    storage.put_public_access_block(**owner, PublicAccessBlockConfiguration=closed)


def _has(storage, bucket: str, key: str) -> bool:
    try:
        storage.head_object(Bucket=bucket, Key=key)
        return True
    except ClientError as error:
        if error.response["Error"]["Code"] in ("404", "NoSuchKey"):
            return False
        raise


def put_folder(account: Account, bucket: str, folder: Path) -> int:
    """Makes the bucket hold the files of the folder and nothing else; returns how many there are."""
    storage = account.session.client("s3")
    files = {file.relative_to(folder).as_posix(): file for file in folder.rglob("*") if file.is_file()}
    # Markup last: it must not name files that are not there yet.
    for key in sorted(files, key=lambda key: (key.endswith(".html"), key)):
        kind = mimetypes.guess_type(key)[0] or "application/octet-stream"
        kind = f"{kind}; charset=utf-8" if kind.startswith("text/") else kind
        # The files keep their names when they change.
        storage.upload_file(str(files[key]), bucket, key, {"ContentType": kind, "CacheControl": "no-cache"})
    stale = [key for key, _ in _objects(storage, bucket) if key not in files]
    for key in stale:
        storage.delete_object(Bucket=bucket, Key=key)
    return len(files)


def count(account: Account, bucket: str) -> int | None:
    """How many objects there are; None where there is no such bucket."""
    try:
        return len(_objects(account.session.client("s3"), bucket))
    except ClientError as error:
        if error.response["Error"]["Code"] in ("NoSuchBucket", "404"):
            return None
        raise


def empty(account: Account, bucket: str) -> None:
    """Deletes every object."""
    storage = account.session.client("s3")
    keys = [key for key, _ in _objects(storage, bucket)]
    for start in range(0, len(keys), 1000):
        batch = [{"Key": key} for key in keys[start : start + 1000]]
        failed = storage.delete_objects(Bucket=bucket, Delete={"Objects": batch, "Quiet": True}).get("Errors", [])
        if failed:
            raise Refused(f"{bucket}/{failed[0]['Key']} could not be deleted: {failed[0]['Message']}")


def remove(account: Account, bucket: str) -> None:
    """Deletes an empty bucket."""
    account.session.client("s3").delete_bucket(Bucket=bucket)


def _objects(storage, bucket: str) -> list[tuple[str, int]]:
    pages = storage.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    return [(one["Key"], one["Size"]) for page in pages for one in page.get("Contents", [])]
