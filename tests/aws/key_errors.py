"""Every refusal in a key's life, with code and message; the code alone where the reference's words are not known."""

import json

from kms import client, enabled_key, external_key, import_material, material, refused

ABSENT = "00000000-0000-4000-8000-000000000000"
kms = client()
bare = client(parameter_validation=False)


def invalid(message, operation, **arguments):
    return refused(kms, "ValidationException", message, operation, **arguments)


def constraint(value, field, rule):
    return f"1 validation error detected: {value} at '{field}' failed to satisfy constraint: {rule}"


key = external_key(kms)
arn, key_id = key["Arn"], key["KeyId"]
REALM = arn.removesuffix(f":key/{key_id}")
of = {"KeyId": key_id}

# CreateKey.
words = "You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys."
invalid(words, "create_key", KeySpec="RSA_2048", Origin="EXTERNAL")
words = "KeyUsage KEY_AGREEMENT is not compatible with KeySpec RSA_2048"
invalid(words, "create_key", KeySpec="RSA_2048", KeyUsage="KEY_AGREEMENT", Origin="EXTERNAL")
for member, field in [("KeySpec", "keySpec"), ("KeyUsage", "keyUsage"), ("Origin", "origin")]:
    said = invalid(None, "create_key", **{member: "NONE"})
    assert said.startswith(constraint("Value 'NONE'", field, "Member must satisfy enum value set: [")), said
words = (
    "You cannot specify KeySpec and CustomerMasterKeySpec in the same request. "
    "CustomerMasterKeySpec is deprecated."
)
invalid(words, "create_key", KeySpec="SYMMETRIC_DEFAULT", CustomerMasterKeySpec="SYMMETRIC_DEFAULT")
words = constraint("Value", "description", "Member must have length less than or equal to 8192")
invalid(words, "create_key", Description="d" * 8193)
for spec in ("ML_DSA_44", "ECC_NIST_EDWARDS25519"):
    given = {"KeySpec": spec, "KeyUsage": "SIGN_VERIFY", "Origin": "EXTERNAL"}
    refused(kms, "UnsupportedOperationException", f"KeySpec {spec} is not supported for Origin EXTERNAL", "create_key", **given)
refused(kms, "UnsupportedOperationException", None, "create_key", Origin="AWS_CLOUDHSM", CustomKeyStoreId="cks-1")

# Tags, when a key is made and later.
for operation, more in (("create_key", {}), ("tag_resource", of)):
    tags = lambda *names: [{"TagKey": name, "TagValue": "v"} for name in names]
    refused(kms, "TagException", "Duplicate tag keys", operation, Tags=tags("a", "a"), **more)
    refused(kms, "TagException", "Tags beginning with aws: are reserved", operation, Tags=tags("aws:a"), **more)
    refused(kms, "TagException", "Too many tags", operation, Tags=tags(*map(str, range(51))), **more)
    words = constraint("Value", "tags.1.member.tagKey", "Member must have length less than or equal to 128")
    invalid(words, operation, Tags=tags("k" * 129), **more)
    words = constraint("Value", "tags.2.member.tagValue", "Member must have length less than or equal to 256")
    invalid(words, operation, Tags=[*tags("a"), {"TagKey": "k", "TagValue": "v" * 257}], **more)
kms.tag_resource(Tags=[{"TagKey": str(number), "TagValue": ""} for number in range(50)], **of)
refused(kms, "TagException", "Too many tags", "tag_resource", Tags=[{"TagKey": "one more", "TagValue": ""}], **of)

# Aliases.
prefix = (
    'Alias must start with the prefix "alias/". Please see '
    "https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html"
)
invalid(prefix, "create_alias", AliasName="x", TargetKeyId=key_id)
invalid(None, "create_alias", AliasName="alias/aws/x", TargetKeyId=key_id)
invalid(None, "create_alias", AliasName="alias/a b", TargetKeyId=key_id)
name = f"alias/{key_id}"
kms.create_alias(AliasName=name, TargetKeyId=key_id)
words = f"An alias with the name {REALM}:{name} already exists"
refused(kms, "AlreadyExistsException", words, "create_alias", AliasName=name, TargetKeyId=key_id)
words = f"Alias {REALM}:alias/absent is not found."
refused(kms, "NotFoundException", words, "update_alias", AliasName="alias/absent", TargetKeyId=key_id)
refused(kms, "NotFoundException", words, "delete_alias", AliasName="alias/absent")
refused(kms, "NotFoundException", words, "describe_key", KeyId="alias/absent")
for spec, usage in (("HMAC_256", "GENERATE_VERIFY_MAC"), ("RSA_2048", "ENCRYPT_DECRYPT")):
    other = external_key(kms, spec, usage)["KeyId"]
    invalid(None, "update_alias", AliasName=name, TargetKeyId=other)

# Policy documents.
refused(kms, "NotFoundException", "No such policy exists", "get_key_policy", PolicyName="other", **of)
refused(kms, "NotFoundException", "No such policy exists", "put_key_policy", PolicyName="other", Policy="{}", **of)
for broken in ("{", "[]", '"x"'):
    refused(kms, "MalformedPolicyDocumentException", None, "put_key_policy", Policy=broken, **of)
nobody = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::999999999999:root"}, "Action": "kms:*", "Resource": "*"}
locked_out = json.dumps({"Version": "2012-10-17", "Statement": [nobody]})
refused(kms, "MalformedPolicyDocumentException", None, "put_key_policy", Policy=locked_out, **of)
refused(kms, "MalformedPolicyDocumentException", None, "create_key", Policy=locked_out)
kms.put_key_policy(Policy=locked_out, BypassPolicyLockoutSafetyCheck=True, **of)
refused(kms, "LimitExceededException", None, "put_key_policy", Policy=locked_out + " " * 32768, **of)

# Lists.
lists = ["list_keys", "list_aliases", "list_resource_tags", "list_key_policies", "list_key_rotations"]
for operation in lists:
    more = {} if operation in ("list_keys", "list_aliases") else of
    refused(kms, "InvalidMarkerException", None, operation, Marker="no marker", **more)
    least = constraint("Value '0'", "limit", "Member must have value greater than or equal to 1")
    refused(bare, "ValidationException", least, operation, Limit=0, **more)
    refused(kms, "ValidationException", None, operation, Limit=1001, **more)

# Deletion.
for days in (6, 31):
    invalid(None, "schedule_key_deletion", PendingWindowInDays=days, **of)
words = f"{arn} is not pending deletion."
refused(kms, "KMSInvalidStateException", words, "cancel_key_deletion", **of)

# Rotation.
words = f"{arn} origin is EXTERNAL which is not valid for this operation."
refused(kms, "UnsupportedOperationException", words, "enable_key_rotation", **of)
refused(kms, "UnsupportedOperationException", words, "disable_key_rotation", **of)
refused(kms, "KMSInvalidStateException", f"{arn} is pending import.", "rotate_key_on_demand", **of)
import_material(kms, key_id, material("SYMMETRIC_DEFAULT"))
words = f"No available key material pending rotation for the key: {arn}."
refused(kms, "KMSInvalidStateException", words, "rotate_key_on_demand", **of)
kms.disable_key(**of)
refused(kms, "DisabledException", f"{arn} is disabled.", "rotate_key_on_demand", **of)
mac = enabled_key(kms, "HMAC_256", "GENERATE_VERIFY_MAC")
refused(kms, "UnsupportedOperationException", "", "rotate_key_on_demand", KeyId=mac)
refused(kms, "UnsupportedOperationException", None, "list_key_rotations", KeyId=mac)
refused(kms, "UnsupportedOperationException", None, "get_key_rotation_status", KeyId=mac)
refused(kms, "UnsupportedOperationException", None, "get_public_key", KeyId=mac)

# Names that no key has.
words = f"Key '{REALM}:key/{ABSENT}' does not exist"
for operation, more in {
    "cancel_key_deletion": {},
    "create_alias": {"AliasName": "alias/of-nothing"},
    "disable_key": {},
    "enable_key": {},
    "get_key_policy": {},
    "get_key_rotation_status": {},
    "get_public_key": {},
    "list_key_rotations": {},
    "list_resource_tags": {},
    "put_key_policy": {"Policy": locked_out},
    "rotate_key_on_demand": {},
    "schedule_key_deletion": {},
    "tag_resource": {"Tags": []},
    "untag_resource": {"TagKeys": []},
    "update_key_description": {"Description": ""},
}.items():
    named = {"TargetKeyId" if operation == "create_alias" else "KeyId": ABSENT}
    refused(kms, "NotFoundException", words, operation, **named, **more)
