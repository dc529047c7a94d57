"""Requests that no client sends by itself, signed with botocore's own signer."""

import json
import os
from datetime import timedelta

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.httpsession import URLLib3Session

ENDPOINT = os.environ["AWS_ENDPOINT_URL_KMS"]


def send(target, members):
    """What the service answers: the HTTP status and an object."""
    headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": target}
    request = AWSRequest("POST", ENDPOINT, headers=headers, data=json.dumps(members))
    SigV4Auth(boto3.Session().get_credentials(), "kms", "us-east-1").add_auth(request)
    answer = URLLib3Session(verify=os.environ["AWS_CA_BUNDLE"]).send(request.prepare())
    return answer.status_code, json.loads(answer.content or b"{}")


def advance_clock(**span):
    """Lets so much time pass: `advance_clock(days=1, seconds=1)`."""
    status, answer = send("Keyferry.AdvanceClock", {"Seconds": int(timedelta(**span).total_seconds())})
    assert status == 200, answer
    return answer["Now"]
