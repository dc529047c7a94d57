"""Who signed, as the reference's clients are told: every way in which a request is not a caller's own."""

import os
from datetime import datetime, timedelta, timezone

import boto3
import botocore.auth
from botocore import UNSIGNED
from kms import client, refused

STALE = "InvalidSignatureException"
UNKNOWN = "UnrecognizedClientException"


def stranger(**given):
    return boto3.client("kms", **given)


def altered(change):
    """A client whose requests are changed on their way, after they were signed."""
    kms = client()
    kms.meta.events.register("before-send.kms", lambda request, **_: change(request))
    return kms


def at(moment, kms):
    """What a client whose clock shows this moment is told."""
    present = botocore.auth.get_current_datetime
    botocore.auth.get_current_datetime = lambda remove_tzinfo=True: moment.replace(tzinfo=None) if remove_tzinfo else moment
    try:
        return refused(kms, STALE, None, "list_keys")
    finally:
        botocore.auth.get_current_datetime = present


def header(name, value):
    return lambda request: request.headers.__setitem__(name, value)


def body(request):
    request.body = b'{"Limit":1}'
    request.headers["Content-Length"] = str(len(request.body))


def query(request):
    request.url += "?Limit=1"


own = {name: os.environ[name.upper()] for name in ("aws_access_key_id", "aws_secret_access_key")}
client().list_keys()
mismatch = (
    "The request signature we calculated does not match the signature you provided. "
    "Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
)
refused(stranger(**{**own, "aws_secret_access_key": "x" * 40}), STALE, mismatch, "list_keys")
invalid = "The security token included in the request is invalid."
refused(stranger(aws_access_key_id="A" * 20, aws_secret_access_key="x" * 40), UNKNOWN, invalid, "list_keys")
disabled = {"aws_access_key_id": os.environ["DISABLED_ID"], "aws_secret_access_key": os.environ["DISABLED_SECRET"]}
refused(stranger(**disabled), UNKNOWN, invalid, "list_keys")
refused(stranger(**own, aws_session_token="x"), UNKNOWN, None, "list_keys")
refused(stranger(region_name="eu-west-1"), STALE, None, "list_keys")
refused(client(signature_version=UNSIGNED), "MissingAuthenticationTokenException", None, "list_keys")
refused(client(signature_version="v4-query"), "IncompleteSignatureException", None, "list_keys")

now = datetime.now(timezone.utc)
assert at(now - timedelta(minutes=6), client()).startswith("Signature expired: ")
assert at(now + timedelta(minutes=6), client()).startswith("Signature not yet current: ")

for change in (
    body,
    query,
    header("X-Amz-Target", "TrentService.ListAliases"),
    header("Content-Type", "application/json"),
    header("Host", "elsewhere.test"),
    header("X-Amz-Date", (now - timedelta(minutes=1)).strftime("%Y%m%dT%H%M%SZ")),
):
    refused(altered(change), STALE, None, "list_keys")
# What is not signed may be changed by whoever carries it.
assert "Keys" in altered(header("User-Agent", "x")).list_keys()
