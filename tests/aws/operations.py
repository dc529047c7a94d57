"""Every operation of the reference's model: by the aws command where it is served, and its refusal where it is not."""

import json
import os
import subprocess
from base64 import b64decode

from botocore import xform_name
from kms import FOR_EVER, client, enabled_key, external_key, file, import_request, material, public_key, refused

UNSERVED = {
    "ConnectCustomKeyStore": {"CustomKeyStoreId": "cks-1"},
    "CreateCustomKeyStore": {"CustomKeyStoreName": "store"},
    "CreateGrant": {"KeyId": "x", "GranteePrincipal": "x", "Operations": ["Decrypt"]},
    "DeleteCustomKeyStore": {"CustomKeyStoreId": "cks-1"},
    "DescribeCustomKeyStores": {},
    "DisconnectCustomKeyStore": {"CustomKeyStoreId": "cks-1"},
    "GenerateDataKeyPair": {"KeyId": "x", "KeyPairSpec": "RSA_2048"},
    "GenerateDataKeyPairWithoutPlaintext": {"KeyId": "x", "KeyPairSpec": "RSA_2048"},
    "GetKeyLastUsage": {"KeyId": "x"},
    "ListGrants": {"KeyId": "x"},
    "ListRetirableGrants": {"RetiringPrincipal": "x"},
    "RetireGrant": {},
    "RevokeGrant": {"KeyId": "x", "GrantId": "x"},
    "UpdateCustomKeyStore": {"CustomKeyStoreId": "cks-1"},
}

kms = client()
for operation, arguments in UNSERVED.items():
    words = f"{operation} is not supported by keyferry."
    refused(kms, "UnsupportedOperationException", words, xform_name(operation), **arguments)

SEEN = set()


def run(operation, *arguments):
    SEEN.add(operation)
    endpoint = ["--endpoint-url", os.environ["AWS_ENDPOINT_URL_KMS"]]
    line = ["aws", *endpoint, "kms", xform_name(operation, "-"), *arguments]
    return subprocess.run(line, capture_output=True, text=True)


def aws(operation, *arguments):
    """What the aws command prints, as an object."""
    said = run(operation, *arguments)
    assert said.returncode == 0, f"{operation} {' '.join(arguments)}: {said.returncode} {said.stderr}"
    return json.loads(said.stdout or "{}")


def aws_refused(words, operation, *arguments):
    """Holds the aws command to what it prints and returns where it is refused."""
    said = run(operation, *arguments)
    code, _, message = words.partition(": ")
    wanted = f"\nAn error occurred ({code}) when calling the {operation} operation: {message}\n"
    found = (said.returncode, said.stdout, said.stderr)
    assert found == (255, "", wanted), f"{operation}: expected {wanted!r}, found {found}"


def blob(name, content):
    return "fileb://" + file(name, content)


key = aws("CreateKey", "--origin", "EXTERNAL", "--description", "of the aws command", "--tags", "TagKey=a,TagValue=1")
arn, key_id = key["KeyMetadata"]["Arn"], key["KeyMetadata"]["KeyId"]
of = ["--key-id", key_id]

given = aws(
    *["GetParametersForImport", *of],
    *["--wrapping-algorithm", "RSAES_OAEP_SHA_256", "--wrapping-key-spec", "RSA_2048"],
)
assert given["KeyId"] == arn and {"ImportToken", "PublicKey", "ParametersValidTo"} <= given.keys(), given

request = import_request(kms, key_id, material("SYMMETRIC_DEFAULT"))
imported = aws(
    *["ImportKeyMaterial", *of, "--import-token", blob("token", request["ImportToken"])],
    *["--encrypted-key-material", blob("wrapped", request["EncryptedKeyMaterial"])],
    *["--expiration-model", FOR_EVER["ExpirationModel"], "--key-material-description", "first"],
)
assert imported["KeyId"] == arn and len(imported["KeyMaterialId"]) == 64, imported
assert aws("DescribeKey", *of)["KeyMetadata"]["KeyState"] == "Enabled"
assert arn in [entry["KeyArn"] for entry in aws("ListKeys", "--page-size", "20")["Keys"]]

aws("UpdateKeyDescription", *of, "--description", "otherwise")
aws("DisableKey", *of)
aws("EnableKey", *of)

aws("TagResource", *of, "--tags", "TagKey=b,TagValue=2")
aws("UntagResource", *of, "--tag-keys", "a")
assert aws("ListResourceTags", *of)["Tags"] == [{"TagKey": "b", "TagValue": "2"}]

alias = ["--alias-name", f"alias/{key_id}"]
aws("CreateAlias", *alias, "--target-key-id", key_id)
listed = aws("ListAliases", *of)["Aliases"]
assert [entry["TargetKeyId"] for entry in listed] == [key_id], listed
other = external_key(kms)["KeyId"]
aws("UpdateAlias", *alias, "--target-key-id", other)
assert kms.describe_key(KeyId=alias[1])["KeyMetadata"]["KeyId"] == other
aws("DeleteAlias", *alias)

policy = aws("GetKeyPolicy", *of, "--policy-name", "default")["Policy"]
assert json.loads(policy)["Version"] == "2012-10-17", policy
aws("PutKeyPolicy", *of, "--policy-name", "default", "--policy", policy)
assert aws("ListKeyPolicies", *of)["PolicyNames"] == ["default"]

second = import_request(kms, key_id, material("SYMMETRIC_DEFAULT"), ImportType="NEW_KEY_MATERIAL")
second_id = kms.import_key_material(**second)["KeyMaterialId"]
assert aws("RotateKeyOnDemand", *of)["KeyId"] == arn
rotations = aws("ListKeyRotations", *of)["Rotations"]
assert [(entry["KeyMaterialId"], entry["RotationType"]) for entry in rotations] == [(second_id, "ON_DEMAND")], rotations
assert aws("GetKeyRotationStatus", *of)["KeyRotationEnabled"] is False
generated = kms.create_key()["KeyMetadata"]["KeyId"]
for operation in ("EnableKeyRotation", "DisableKeyRotation"):
    words = f"UnsupportedOperationException: {arn} origin is EXTERNAL which is not valid for this operation."
    aws_refused(words, operation, *of)

for operation, region in (("ReplicateKey", "--replica-region"), ("UpdatePrimaryRegion", "--primary-region")):
    words = f"UnsupportedOperationException: {arn} is not a multi-region primary key."
    aws_refused(words, operation, *of, region, "eu-west-1")

message = blob("message", b"by the command")
context = ["--encryption-context", "purpose=test"]
made = aws("Encrypt", *of, "--plaintext", message, *context)
ciphertext = ["--ciphertext-blob", blob("ciphertext", b64decode(made["CiphertextBlob"]))]
opened = aws("Decrypt", *ciphertext, *context)
assert (b64decode(opened["Plaintext"]), opened["KeyMaterialId"]) == (b"by the command", second_id), opened
moved = aws("ReEncrypt", *ciphertext, "--source-encryption-context", "purpose=test", "--destination-key-id", generated)
assert moved["SourceKeyId"] == arn and moved["KeyId"].endswith(generated), moved
assert kms.decrypt(CiphertextBlob=b64decode(moved["CiphertextBlob"]))["Plaintext"] == b"by the command"
data_key = aws("GenerateDataKey", *of, "--key-spec", "AES_256")
assert kms.decrypt(CiphertextBlob=b64decode(data_key["CiphertextBlob"]))["Plaintext"] == b64decode(data_key["Plaintext"])
sealed = aws("GenerateDataKeyWithoutPlaintext", *of, "--number-of-bytes", "24")
assert "Plaintext" not in sealed, sealed
assert len(kms.decrypt(CiphertextBlob=b64decode(sealed["CiphertextBlob"]))["Plaintext"]) == 24
assert len(b64decode(aws("GenerateRandom", "--number-of-bytes", "17")["Plaintext"])) == 17

hmac = ["--key-id", enabled_key(kms, "HMAC_256", "GENERATE_VERIFY_MAC"), "--mac-algorithm", "HMAC_SHA_256"]
mac = aws("GenerateMac", *hmac, "--message", message)["Mac"]
assert aws("VerifyMac", *hmac, "--message", message, "--mac", blob("mac", b64decode(mac)))["MacValid"] is True

plain = material("ECC_NIST_P256")
signing = enabled_key(kms, "ECC_NIST_P256", "SIGN_VERIFY", plain)
assert b64decode(aws("GetPublicKey", "--key-id", signing)["PublicKey"]) == public_key(plain)
with_key = ["--key-id", signing, "--signing-algorithm", "ECDSA_SHA_256", "--message", message]
signature = b64decode(aws("Sign", *with_key)["Signature"])
assert aws("Verify", *with_key, "--signature", blob("signature", signature))["SignatureValid"] is True

agreeing = enabled_key(kms, "ECC_NIST_P256", "KEY_AGREEMENT", plain)
peer = blob("peer", public_key(material("ECC_NIST_P256")))
agreed = aws("DeriveSharedSecret", "--key-id", agreeing, "--key-agreement-algorithm", "ECDH", "--public-key", peer)
assert len(b64decode(agreed["SharedSecret"])) == 32, agreed

assert aws("DeleteImportedKeyMaterial", *of, "--key-material-id", second_id)["KeyMaterialId"] == second_id
scheduled = aws("ScheduleKeyDeletion", *of, "--pending-window-in-days", "7")
assert (scheduled["KeyState"], scheduled["PendingWindowInDays"]) == ("PendingDeletion", 7), scheduled
assert aws("CancelKeyDeletion", *of)["KeyId"] == arn

everything = set(kms.meta.service_model.operation_names)
assert SEEN | UNSERVED.keys() == everything, everything ^ (SEEN | UNSERVED.keys())
