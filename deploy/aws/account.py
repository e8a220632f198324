"""Whose account it is: boto3's session, and its errors as sentences that say what to do."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import boto3
from botocore import exceptions


class Refused(Exception):
    """The cloud, or the way to it, said no."""


class Unusable(Exception):
    """Credentials, region or settings with which nothing was tried."""


@dataclass(frozen=True)
class Account:
    """A session that can sign, and where it leads."""

    session: boto3.Session
    number: str
    region: str


# What the cloud says of credentials that are wrong, and what helps.
_WRONG_CREDENTIALS = {
    "ExpiredToken": "the credentials have expired: log in again",
    "ExpiredTokenException": "the credentials have expired: log in again",
    "InvalidClientTokenId": "AWS does not know this access key",
    "UnrecognizedClientException": "AWS does not know this access key",
    "SignatureDoesNotMatch": "the secret key does not belong to the access key",
}
_HELP = "docs/aws.md says how to get credentials"


def open_account() -> Account:
    """The account of the credentials that boto3 finds: environment, profile, SSO, role. Raises Unusable, Refused."""
    with told():
        # boto3 itself only reads the second of these names.
        session = boto3.Session(region_name=os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION"))
        if not session.region_name:
            raise Unusable("no region is set: AWS_REGION=eu-central-1, say, or a profile that has one")
        if session.get_credentials() is None:
            raise Unusable(f"no AWS credentials found (AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE); {_HELP}")
        number = session.client("sts").get_caller_identity()["Account"]
        return Account(session, number, session.region_name)


@contextmanager
def told() -> Iterator[None]:
    """Turns boto3's errors into ours."""
    try:
        yield
    except exceptions.ClientError as error:
        said = error.response["Error"]
        if reason := _WRONG_CREDENTIALS.get(said["Code"]):
            raise Unusable(f"{reason}; {_HELP}") from error
        raise Refused(f"{error.operation_name}: {said['Code']}: {said['Message']}") from error
    except (exceptions.NoCredentialsError, exceptions.PartialCredentialsError, exceptions.ProfileNotFound,
            exceptions.SSOError, exceptions.CredentialRetrievalError) as error:
        raise Unusable(f"{error}; {_HELP}") from error
    except exceptions.BotoCoreError as error:
        raise Refused(str(error)) from error
