"""The function's role, made by the stack and taken on by a client: what it may do, and that it may do nothing else.

moto checks signatures and policies here; it knows no conditions, and of presigned forms only the signer.
"""

import ast
import json
import unittest

from botocore.exceptions import ClientError

from deploy.aws import template
from deploy.aws.tests.emulator import ACCOUNT, REGION, Emulator

PICTURES = f"wasm-vision-pictures-{ACCOUNT}-{REGION}"


class Role(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.emulator = Emulator()
        cls.addClassCleanup(cls.emulator.close)
        cls.emulator.reset()
        storage = cls.emulator.client("s3")
        for bucket in ("code-bucket", "somebody-else-s"):
            storage.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
        storage.put_object(Bucket="code-bucket", Key="lambda.zip", Body=empty_zip())
        storage.put_object(Bucket="somebody-else-s", Key="in/a.jpg", Body=b"x")
        made = template.plain({"WithPage": "no", "ObjectTags": "true"}, REGION, "code-bucket", "lambda.zip")
        stacks = cls.emulator.client("cloudformation")
        parameters = [{"ParameterKey": "WithPage", "ParameterValue": "no"}, {"ParameterKey": "ObjectTags", "ParameterValue": "true"}]
        stacks.create_stack(StackName="wasm-vision", TemplateBody=json.dumps(made), Parameters=parameters, Capabilities=["CAPABILITY_IAM"])
        for key in ("in/a.jpg", "uploads/b.jpg", "labels/in/a.jpg.labels.json", "other/c.jpg"):
            storage.put_object(Bucket=PICTURES, Key=key, Body=b"x")
        role = stacks.describe_stack_resource(StackName="wasm-vision", LogicalResourceId="Role")["StackResourceDetail"]["PhysicalResourceId"]
        roles = cls.emulator.client("iam")
        arn = roles.get_role(RoleName=role)["Role"]["Arn"]
        # moto's CloudFormation keeps the policy as Python writes it, by which moto's IAM can't judge.
        for name in roles.list_role_policies(RoleName=role)["PolicyNames"]:
            document = roles.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
            roles.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(ast.literal_eval(document)))
        taken = cls.emulator.client("sts").assume_role(RoleArn=arn, RoleSessionName="test")["Credentials"]
        cls.keys = {"aws_access_key_id": taken["AccessKeyId"], "aws_secret_access_key": taken["SecretAccessKey"],
                    "aws_session_token": taken["SessionToken"]}
        cls.queue = cls.emulator.client("sqs").get_queue_url(QueueName="wasm-vision-dead-letters")["QueueUrl"]
        cls.emulator.ask_for_permissions()
        cls.storage = cls.emulator.client("s3", **cls.keys)

    def assert_denied(self, call, **parameters: object) -> None:
        with self.assertRaises(ClientError) as refused:
            call(**parameters)
        self.assertIn(refused.exception.response["Error"]["Code"], ("AccessDenied", "403"), parameters)

    def test_it_reads_pictures_and_uploads_and_nothing_else(self) -> None:
        for key in ("in/a.jpg", "uploads/b.jpg", "labels/in/a.jpg.labels.json"):
            self.storage.get_object(Bucket=PICTURES, Key=key)
        self.assert_denied(self.storage.get_object, Bucket=PICTURES, Key="other/c.jpg")
        self.assert_denied(self.storage.get_object, Bucket="somebody-else-s", Key="in/a.jpg")

    def test_it_writes_labels_and_uploads_and_never_a_picture_that_it_watches(self) -> None:
        for key in ("labels/in/a.jpg.labels.json", "uploads/new.jpg"):
            self.storage.put_object(Bucket=PICTURES, Key=key, Body=b"{}")
        for key in ("in/a.jpg", "other/c.jpg"):
            self.assert_denied(self.storage.put_object, Bucket=PICTURES, Key=key, Body=b"{}")

    def test_it_deletes_nothing_and_changes_no_bucket(self) -> None:
        self.assert_denied(self.storage.delete_object, Bucket=PICTURES, Key="uploads/b.jpg")
        self.assert_denied(self.storage.delete_bucket, Bucket=PICTURES)
        self.assert_denied(self.storage.put_bucket_policy, Bucket=PICTURES, Policy="{}")

    def test_it_may_list_its_own_bucket_so_that_s3_tells_missing_from_forbidden(self) -> None:
        self.assertGreater(self.storage.list_objects_v2(Bucket=PICTURES)["KeyCount"], 0)
        self.assert_denied(self.storage.list_objects_v2, Bucket="somebody-else-s")

    def test_it_tags_pictures(self) -> None:
        tags = {"TagSet": [{"Key": "label", "Value": "Lemon"}]}
        self.storage.put_object_tagging(Bucket=PICTURES, Key="in/a.jpg", Tagging=tags)
        self.assert_denied(self.storage.put_object_tagging, Bucket=PICTURES, Key="other/c.jpg", Tagging=tags)

    def test_it_can_put_failed_events_into_the_queue_but_not_take_them_out(self) -> None:
        queue = self.emulator.client("sqs", **self.keys)
        queue.send_message(QueueUrl=self.queue, MessageBody="{}")
        with self.assertRaises(ClientError):
            queue.receive_message(QueueUrl=self.queue)

    def test_it_may_not_look_at_functions_or_make_users(self) -> None:
        with self.assertRaises(ClientError):
            self.emulator.client("lambda", **self.keys).get_function(FunctionName="wasm-vision")
        with self.assertRaises(ClientError):
            self.emulator.client("iam", **self.keys).create_user(UserName="x")

    def test_a_wrong_secret_is_found_out(self) -> None:
        wrong = self.emulator.client("s3", **(self.keys | {"aws_secret_access_key": "wrong"}))
        with self.assertRaises(ClientError) as refused:
            wrong.get_object(Bucket=PICTURES, Key="in/a.jpg")
        self.assertEqual(refused.exception.response["Error"]["Code"], "SignatureDoesNotMatch")


def empty_zip() -> bytes:
    return b"PK\x05\x06" + bytes(18)
