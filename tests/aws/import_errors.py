"""Every refusal of the import family, with code and message; the code alone where the reference's words are not known."""

import os
from datetime import datetime, timedelta, timezone

from kms import client, enabled_key, external_key, import_material, import_request, material, oaep, parameters
from kms import openssl, refused, state, wrap

ABSENT = "00000000-0000-4000-8000-000000000000"
NOW = datetime.now(timezone.utc)
kms = client()
# As it is without the checks that clients do for the service.
bare = client(parameter_validation=False)

key = external_key(kms)
arn, key_id = key["Arn"], key["KeyId"]
REALM = arn.removesuffix(f":key/{key_id}")
plain = material("SYMMETRIC_DEFAULT")
good = import_request(kms, key_id, plain)


def import_refused(code, message, **changed):
    """What is said to the good import with something else in it; what is None is left out."""
    request = {name: value for name, value in {**good, **changed}.items() if value is not None}
    return refused(kms, code, message, "import_key_material", **request)


def constraint(value, field, rule):
    return f"1 validation error detected: {value} at '{field}' failed to satisfy constraint: {rule}"


# Names that no key has, in each operation of the family; and those that are keys' all the same but not to these operations.
names = {
    ABSENT: f"Key '{REALM}:key/{ABSENT}' does not exist",
    f"mrk-{'0' * 32}": f"Key '{REALM}:key/mrk-{'0' * 32}' does not exist",
    f"{REALM}:key/{ABSENT}": f"Key '{REALM}:key/{ABSENT}' does not exist",
    "fake-key-id": "Invalid keyId 'fake-key-id'",
    ABSENT.replace("-", ""): f"Invalid keyId '{ABSENT.replace('-', '')}'",
    f"{REALM}:key/{ABSENT}".replace("us-east-1", "eu-west-1"): "Invalid arn eu-west-1",
}
others = {name: value for name, value in good.items() if name != "KeyId"}
wanted = {"WrappingAlgorithm": "RSAES_OAEP_SHA_256", "WrappingKeySpec": "RSA_2048"}
family = {
    "describe_key": {},
    "get_parameters_for_import": wanted,
    "import_key_material": others,
    "delete_imported_key_material": {},
}
for name, words in names.items():
    for operation, arguments in family.items():
        refused(kms, "NotFoundException", words, operation, KeyId=name, **arguments)
refused(kms, "InvalidArnException", None, "get_parameters_for_import", KeyId="arn:aws:kms", **wanted)
kms.create_alias(AliasName=f"alias/{key_id}", TargetKeyId=key_id)
assert kms.describe_key(KeyId=f"alias/{key_id}")["KeyMetadata"]["Arn"] == arn
for operation, arguments in list(family.items())[1:]:
    refused(kms, "NotFoundException", None, operation, KeyId=f"alias/{key_id}", **arguments)

# Fields: required, of an enumeration, of a length.
required = {**family, "get_parameters_for_import": wanted}
for operation, arguments in required.items():
    for absent in ["KeyId", *arguments]:
        if absent == "ExpirationModel":
            continue
        given = {name: value for name, value in {"KeyId": key_id, **arguments}.items() if name != absent}
        field = absent[0].lower() + absent[1:]
        words = constraint("Value null", field, "Member must not be null")
        refused(bare, "ValidationException", words, operation, **given)
refused(bare, "SerializationException", None, "describe_key", KeyId=7)
for member, field in [("WrappingAlgorithm", "wrappingAlgorithm"), ("WrappingKeySpec", "wrappingKeySpec")]:
    given = {"KeyId": key_id, **wanted, member: "ROT_13"}
    said = refused(kms, "ValidationException", None, "get_parameters_for_import", **given)
    assert said.startswith(constraint("Value 'ROT_13'", field, "Member must satisfy enum value set: [")), said
for member, field in [("ExpirationModel", "expirationModel"), ("ImportType", "importType")]:
    said = import_refused("ValidationException", None, **{member: "NEVER"})
    assert said.startswith(constraint("Value 'NEVER'", field, "Member must satisfy enum value set: [")), said
for member, field in [("ImportToken", "importToken"), ("EncryptedKeyMaterial", "encryptedKeyMaterial")]:
    words = constraint("Value", field, "Member must have length less than or equal to 6144")
    import_refused("ValidationException", words, **{member: bytes(6145)})
    # boto3 itself lets no empty one out, and the aws command does.
    words = constraint("Value", field, "Member must have length greater than or equal to 1")
    refused(bare, "ValidationException", words, "import_key_material", **{**good, member: b""})
import_refused("ValidationException", None, KeyMaterialDescription="d" * 257)
import_refused("ValidationException", None, KeyMaterialDescription="a;b")
import_refused("ValidationException", None, KeyMaterialId="0" * 63 + "G", ImportType="EXISTING_KEY_MATERIAL")
import_refused("ValidationException", None, KeyMaterialId="0" * 64, ImportType="NEW_KEY_MATERIAL")

# The end of the material.
words = "A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES"
import_refused("ValidationException", words, ExpirationModel=None)
import_refused("ValidationException", words, ExpirationModel="KEY_MATERIAL_EXPIRES")
import_refused("ValidationException", None, ExpirationModel=None, ValidTo=NOW - timedelta(days=1))
import_refused("ValidationException", None, ExpirationModel=None, ValidTo=NOW + timedelta(days=366))
import_refused("ValidationException", None, ValidTo=NOW + timedelta(days=1))

# The set.
another = external_key(kms)
elsewhere = parameters(kms, another["KeyId"])
import_refused("InvalidImportTokenException", "", ImportToken=b"not a token")
import_refused("InvalidImportTokenException", "", ImportToken=os.urandom(1757))
import_refused("InvalidImportTokenException", "", ImportToken=good["ImportToken"][:-1])
import_refused("InvalidImportTokenException", "", ImportToken=elsewhere["ImportToken"])
flipped = bytearray(good["ImportToken"])
flipped[len(flipped) // 2] ^= 1
import_refused("InvalidImportTokenException", "", ImportToken=bytes(flipped))

# What was wrapped.
for length in (1, 255, 257, 6144):
    import_refused("ValidationException", "Invalid encrypted key size.", EncryptedKeyMaterial=bytes(length))
own = parameters(kms, key_id)
wrong = {
    "noise": b"\1" + os.urandom(255),
    "another set's public key": wrap("RSAES_OAEP_SHA_256", elsewhere["PublicKey"], plain),
    "the other hash": oaep("SHA_1", own["PublicKey"], plain),
}
for case, blob in wrong.items():
    import_refused("InvalidCiphertextException", "", ImportToken=own["ImportToken"], EncryptedKeyMaterial=blob)
# Good wrapping of what is no material of this key: the reference has two names for it, and it is not known which it uses.
short = wrap("RSAES_OAEP_SHA_256", own["PublicKey"], plain[:31])
import_refused("InvalidCiphertextException", None, ImportToken=own["ImportToken"], EncryptedKeyMaterial=short)
ec = external_key(kms, "ECC_NIST_P256", "SIGN_VERIFY")
hybrid = import_request(kms, ec["KeyId"], material("ECC_NIST_P256"), algorithm="RSA_AES_KEY_WRAP_SHA_256")
broken = bytearray(hybrid["EncryptedKeyMaterial"])
broken[-1] ^= 1
given = {**hybrid, "EncryptedKeyMaterial": bytes(broken)}
refused(kms, "InvalidCiphertextException", "", "import_key_material", **given)
given = {**hybrid, "EncryptedKeyMaterial": hybrid["EncryptedKeyMaterial"][:-4]}
refused(kms, "ValidationException", "Invalid encrypted key size.", "import_key_material", **given)
curve = import_request(kms, ec["KeyId"], material("ECC_NIST_P384"))
refused(kms, "InvalidCiphertextException", None, "import_key_material", **curve)

# None of it has used up what was good, or changed the key.
assert state(kms, key_id) == "PendingImport"
material_id = kms.import_key_material(**good)["KeyMaterialId"]
kms.import_key_material(**hybrid)

# The same material, and no other.
refused(kms, "IncorrectKeyMaterialException", "", "import_key_material", **import_request(kms, key_id, os.urandom(32)))
known = import_request(kms, key_id, plain, ImportType="NEW_KEY_MATERIAL")
refused(kms, "IncorrectKeyMaterialException", "", "import_key_material", **known)
misnamed = import_request(kms, key_id, plain, KeyMaterialId="0" * 64)
refused(kms, "IncorrectKeyMaterialException", "", "import_key_material", **misnamed)
other = import_request(kms, ec["KeyId"], material("ECC_NIST_P256"))
refused(kms, "IncorrectKeyMaterialException", "", "import_key_material", **other)
assert import_material(kms, key_id, plain, KeyMaterialId=material_id)["KeyMaterialId"] == material_id

# One new material at a time.
pending = import_material(kms, key_id, os.urandom(32), ImportType="NEW_KEY_MATERIAL")["KeyMaterialId"]
third = import_request(kms, key_id, os.urandom(32), ImportType="NEW_KEY_MATERIAL")
said = refused(kms, "KMSInvalidStateException", None, "import_key_material", **third)
kms.delete_imported_key_material(KeyId=key_id, KeyMaterialId=pending)
third_id = kms.import_key_material(**third)["KeyMaterialId"]
wanted_words = (
    f"New key material (id: {third_id}) cannot be imported into KMS key {arn}, "
    f"because another key material (id: {pending}) is pending rotation."
)
assert said == wanted_words, f"expected {wanted_words}, found {said}"

# Origin, and what is for symmetric encryption keys alone.
generated = kms.create_key()["KeyMetadata"]
words = f"{generated['Arn']} origin is AWS_KMS which is not valid for this operation."
for operation, arguments in list(family.items())[1:]:
    refused(kms, "UnsupportedOperationException", words, operation, KeyId=generated["KeyId"], **arguments)
for more in ({"ImportType": "NEW_KEY_MATERIAL"}, {"KeyMaterialDescription": "d"}, {"KeyMaterialId": "0" * 64}):
    typed = {**import_request(kms, ec["KeyId"], material("ECC_NIST_P256")), **more}
    refused(kms, "UnsupportedOperationException", None, "import_key_material", **typed)
