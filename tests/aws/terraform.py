"""The life of an aws_kms_external_key: the calls of Terraform's provider in its order, and what it waits for.

Its waiters ask until they have seen what they expect five times in a row; here the first answer must be it.
"""

import json
from base64 import b64decode, b64encode
from datetime import datetime, timedelta, timezone

from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key
from kms import client, material

kms = client()
account = kms.create_key(Origin="EXTERNAL")["KeyMetadata"]["AWSAccountId"]
root = {"AWS": f"arn:aws:iam::{account}:root"}


def policy(name):
    statement = {"Sid": name, "Effect": "Allow", "Principal": root, "Action": "kms:*", "Resource": "*"}
    return json.dumps({"Id": name, "Statement": [statement], "Version": "2012-10-17"}, separators=(",", ":"))


def read(key_id):
    """The resource, as its read function fills it in."""
    shown = kms.describe_key(KeyId=key_id)["KeyMetadata"]
    assert (shown["KeyManager"], shown["Origin"]) == ("CUSTOMER", "EXTERNAL"), shown
    if shown["MultiRegion"]:
        assert shown["MultiRegionConfiguration"]["MultiRegionKeyType"] == "PRIMARY", shown
    valid_to = shown.get("ValidTo")
    return {
        "description": shown["Description"],
        "enabled": shown["Enabled"],
        "expiration_model": shown.get("ExpirationModel", ""),
        "key_state": shown["KeyState"],
        "key_usage": shown["KeyUsage"],
        "multi_region": shown["MultiRegion"],
        "policy": json.loads(kms.get_key_policy(KeyId=key_id, PolicyName="default")["Policy"]),
        "tags": {tag["TagKey"]: tag["TagValue"] for tag in kms.list_resource_tags(KeyId=key_id)["Tags"]},
        "valid_to": valid_to.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ") if valid_to else "",
    }


def expect(key_id, **wanted):
    found = read(key_id)
    differing = {name: (value, found[name]) for name, value in wanted.items() if found[name] != value}
    assert not differing, f"expected and found: {differing}"


def import_material(key_id, key_material_base64, valid_to=""):
    """As the provider does it, with RSA of its own and without openssl."""
    given = kms.get_parameters_for_import(
        KeyId=key_id, WrappingAlgorithm="RSAES_OAEP_SHA_256", WrappingKeySpec="RSA_2048"
    )
    public_key = load_der_public_key(given["PublicKey"])
    oaep = OAEP(mgf=MGF1(SHA256()), algorithm=SHA256(), label=b"")
    ends = {"ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE"}
    if valid_to:
        ends = {"ExpirationModel": "KEY_MATERIAL_EXPIRES", "ValidTo": valid_to}
    wrapped = public_key.encrypt(b64decode(key_material_base64), oaep)
    kms.import_key_material(KeyId=key_id, ImportToken=given["ImportToken"], EncryptedKeyMaterial=wrapped, **ends)
    for _ in range(5):
        expect(key_id, key_state="Enabled", valid_to=valid_to)


def create(**more):
    given = {"BypassPolicyLockoutSafetyCheck": False, "KeyUsage": "ENCRYPT_DECRYPT", "Origin": "EXTERNAL", **more}
    return kms.create_key(**given)["KeyMetadata"]["KeyId"]


def destroy(key_id, days):
    """Its second run finds the key pending deletion, and calls that done."""
    kms.schedule_key_deletion(KeyId=key_id, PendingWindowInDays=days)
    expect(key_id, key_state="PendingDeletion", enabled=False)
    try:
        kms.schedule_key_deletion(KeyId=key_id, PendingWindowInDays=days)
        raise AssertionError("it was scheduled twice")
    except kms.exceptions.KMSInvalidStateException as error:
        assert "is pending deletion" in str(error), error


# Without material, as in the provider's first example.
basic = create()
expect(
    basic,
    **{"description": "", "enabled": False, "expiration_model": "", "key_state": "PendingImport"},
    **{"key_usage": "ENCRYPT_DECRYPT", "multi_region": False, "tags": {}, "valid_to": ""},
)
assert read(basic)["policy"]["Statement"][0]["Sid"] == "Enable IAM User Permissions"
destroy(basic, 7)

# With everything: material, an end, policy and tags, and disabled from the start.
key_material = b64encode(material("SYMMETRIC_DEFAULT")).decode()
in_a_month = (datetime.now(timezone.utc) + timedelta(days=30)).strftime("%Y-%m-%dT%H:%M:%SZ")
later = (datetime.now(timezone.utc) + timedelta(days=60)).strftime("%Y-%m-%dT%H:%M:%SZ")
tags = [{"TagKey": "team", "TagValue": "payments"}, {"TagKey": "stage", "TagValue": ""}]
full = create(Description="of terraform", Policy=policy("first"), Tags=tags, MultiRegion=True)
import_material(full, key_material, in_a_month)
expect(full, enabled=True, expiration_model="KEY_MATERIAL_EXPIRES", multi_region=True)
kms.disable_key(KeyId=full)
expect(full, enabled=False, key_state="Disabled", valid_to=in_a_month, tags={"team": "payments", "stage": ""})
assert read(full)["policy"] == json.loads(policy("first"))

# Changes: enabled first, then the rest; the end moved, taken away and set again on a key that lives.
kms.enable_key(KeyId=full)
kms.update_key_description(KeyId=full, Description="changed")
kms.put_key_policy(KeyId=full, PolicyName="default", Policy=policy("second"), BypassPolicyLockoutSafetyCheck=False)
for valid_to in ("", later, in_a_month):
    import_material(full, key_material, valid_to)
kms.untag_resource(KeyId=full, TagKeys=["stage"])
kms.tag_resource(KeyId=full, Tags=[{"TagKey": "team", "TagValue": "ledger"}])
expect(full, description="changed", key_state="Enabled", tags={"team": "ledger"}, valid_to=in_a_month)
assert read(full)["policy"] == json.loads(policy("second"))
destroy(full, 30)

# An alias beside it: made, read by walking all of them, moved, gone.
target, other = create(), create()
alias = f"alias/terraform-{target}"
kms.create_alias(AliasName=alias, TargetKeyId=target)
for wanted in (target, other):
    kms.update_alias(AliasName=alias, TargetKeyId=wanted)
    pages = kms.get_paginator("list_aliases").paginate()
    found = [entry for page in pages for entry in page["Aliases"] if entry["AliasName"] == alias]
    assert [entry["TargetKeyId"] for entry in found] == [wanted], found
kms.delete_alias(AliasName=alias)
