"""moto as a server, taught the kinds of resources that its CloudFormation leaves out: each goes to moto's own service.

What it still does not do: notifications of a bucket that CloudFormation made, and the content of an answer's headers.
"""

from __future__ import annotations

import json
import logging
import os
from typing import Any

import boto3
import requests
from moto.core.common_models import CloudFormationModel
from moto.moto_server.threaded_moto_server import ThreadedMotoServer

REGION = "eu-central-1"
ACCOUNT = "123456789012"


class Emulator:
    """A running emulator; `environment` leads boto3, and programs that use it, to it."""

    def __init__(self) -> None:
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self._server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
        self._server.start()
        self.url = "http://{}:{}".format(*self._server.get_host_and_port())
        _Taught.url = self.url
        self.environment = {
            "AWS_ENDPOINT_URL": self.url, "AWS_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "made-up", "AWS_SECRET_ACCESS_KEY": "made-up",
        }

    def close(self) -> None:
        self._server.stop()

    def reset(self) -> None:
        """Forgets everything, and asks for no permissions."""
        requests.post(f"{self.url}/moto-api/reset", timeout=10).raise_for_status()
        self.ask_for_permissions(after=float("inf"))

    def ask_for_permissions(self, after: float = 0) -> None:
        """From now on signatures and policies count."""
        requests.post(f"{self.url}/moto-api/reset-auth", data=str(after), timeout=10).raise_for_status()

    def client(self, service: str, **credentials: str) -> Any:
        known = {"aws_access_key_id": "made-up", "aws_secret_access_key": "made-up"} | credentials
        return boto3.client(service, endpoint_url=self.url, region_name=REGION, **known)


class _Taught:
    """What the resources have in common: they are made and removed by moto's own API."""

    url: str

    def __init__(self, name: str, attributes: dict[str, str]) -> None:
        self.physical_resource_id = name
        self._attributes = attributes

    @classmethod
    def cloudformation_name_type(cls) -> str:
        return ""

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        return True

    def get_cfn_attribute(self, attribute_name: str) -> str:
        return self._attributes[attribute_name]

    @classmethod
    def client(cls, service: str) -> Any:
        return boto3.client(service, endpoint_url=cls.url, region_name=REGION, aws_access_key_id="a", aws_secret_access_key="b")

    @classmethod
    def create_from_cloudformation_json(cls, resource_name: str, cloudformation_json: Any, account_id: str,
                                        region_name: str, **kwargs: Any) -> Any:
        return cls(*cls.make(resource_name, cloudformation_json["Properties"]))

    @classmethod
    def update_from_cloudformation_json(cls, original_resource: Any, new_resource_name: str, cloudformation_json: Any,
                                        account_id: str, region_name: str) -> Any:
        return original_resource

    @classmethod
    def delete_from_cloudformation_json(cls, resource_name: str, cloudformation_json: Any, account_id: str,
                                        region_name: str) -> None:
        pass


class FunctionUrl(_Taught, CloudFormationModel):
    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::Lambda::Url"

    @classmethod
    def make(cls, name: str, properties: dict) -> tuple[str, dict[str, str]]:
        made = cls.client("lambda").create_function_url_config(
            FunctionName=properties["TargetFunctionArn"], AuthType=properties["AuthType"],
            Cors=properties.get("Cors") or {}, InvokeMode=properties["InvokeMode"])
        # AWS's has a slash at the end.
        return made["FunctionArn"], {"FunctionUrl": made["FunctionUrl"] + "/"}


class EventInvokeConfig(_Taught, CloudFormationModel):
    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::Lambda::EventInvokeConfig"

    @classmethod
    def make(cls, name: str, properties: dict) -> tuple[str, dict[str, str]]:
        wanted = {key: value for key, value in properties.items() if key != "Qualifier"}
        wanted |= {key: int(wanted[key]) for key in ("MaximumRetryAttempts", "MaximumEventAgeInSeconds")}
        cls.client("lambda").put_function_event_invoke_config(**wanted)
        return name, {}


class BucketPolicy(_Taught, CloudFormationModel):
    """Without the statements that have a condition: moto does not look at conditions and would take them as met."""

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::S3::BucketPolicy"

    @classmethod
    def make(cls, name: str, properties: dict) -> tuple[str, dict[str, str]]:
        document = properties["PolicyDocument"]
        document = document | {"Statement": [one for one in document["Statement"] if "Condition" not in one]}
        if document["Statement"]:
            cls.client("s3").put_bucket_policy(Bucket=properties["Bucket"], Policy=json.dumps(document))
        return name, {}


class OriginAccessControl(_Taught, CloudFormationModel):
    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::CloudFront::OriginAccessControl"

    @classmethod
    def make(cls, name: str, properties: dict) -> tuple[str, dict[str, str]]:
        config = properties["OriginAccessControlConfig"]
        made = cls.client("cloudfront").create_origin_access_control(OriginAccessControlConfig=config)
        number = made["OriginAccessControl"]["Id"]
        return number, {"Id": number}


class ResponseHeadersPolicy(_Taught, CloudFormationModel):
    """Unknown to moto altogether."""

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::CloudFront::ResponseHeadersPolicy"

    @classmethod
    def make(cls, name: str, properties: dict) -> tuple[str, dict[str, str]]:
        return name, {"Id": name}


class Distribution(_Taught, CloudFormationModel):
    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::CloudFront::Distribution"

    @classmethod
    def make(cls, name: str, properties: dict) -> tuple[str, dict[str, str]]:
        config = dict(properties["DistributionConfig"], CallerReference=name)
        config["Enabled"] = config["IPV6Enabled"] = config.pop("Enabled") == True  # noqa: E712
        del config["IPV6Enabled"], config["HttpVersion"]
        config["Origins"] = {"Quantity": len(config["Origins"]), "Items": config["Origins"]}
        behaviour = dict(config["DefaultCacheBehavior"])
        methods = behaviour["AllowedMethods"]
        behaviour["AllowedMethods"] = {"Quantity": len(methods), "Items": methods}
        behaviour["Compress"] = True
        config["DefaultCacheBehavior"] = behaviour
        made = cls.client("cloudfront").create_distribution(DistributionConfig=config)["Distribution"]
        return made["Id"], {"DomainName": made["DomainName"], "Id": made["Id"]}


class Alarm(_Taught, CloudFormationModel):
    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::CloudWatch::Alarm"

    @classmethod
    def make(cls, name: str, properties: dict) -> tuple[str, dict[str, str]]:
        numbers = {key: int(properties[key]) for key in ("Period", "EvaluationPeriods", "Threshold")}
        wanted = {key: value for key, value in (properties | numbers).items() if value is not None}
        cls.client("cloudwatch").put_metric_alarm(AlarmName=name, **wanted)
        return name, {}


def clean_environment() -> dict[str, str]:
    """The environment without what could lead to a real account."""
    return {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "VISION_"))} | {
        "AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": "/nonexistent", "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent"}
