"""Several materials of one symmetric key: each in its turn, each with its own end, and none that may be missing."""

from datetime import datetime, timedelta, timezone

from kms import FOR_EVER, client, external_key, import_material, material, refused, state
from signed import advance_clock

kms = client()
key = external_key(kms)
key_id, arn = key["KeyId"], key["Arn"]
NOW = datetime.now(timezone.utc)
PLAIN = [material("SYMMETRIC_DEFAULT") for _ in range(3)]


def bring(number, **more):
    """Imports the material of this number; its id."""
    answer = import_material(kms, key_id, PLAIN[number], KeyMaterialDescription=f"number {number}", **more)
    return answer["KeyMaterialId"]


def rotations(which="ALL_KEY_MATERIAL"):
    """Every material by its id, with what is said of it."""
    paginator = kms.get_paginator("list_key_rotations")
    pages = paginator.paginate(KeyId=key_id, IncludeKeyMaterial=which, PaginationConfig={"PageSize": 10})
    return {entry["KeyMaterialId"]: entry for page in pages for entry in page["Rotations"]}


def seen(*materials):
    """What is said of these materials, in a word each."""
    entries = rotations()
    return [(entries[one]["KeyMaterialState"], entries[one]["ImportState"]) for one in materials]


def encrypt():
    return kms.encrypt(KeyId=key_id, Plaintext=b"kept")["CiphertextBlob"]


def decrypted_under(ciphertext):
    opened = kms.decrypt(CiphertextBlob=ciphertext)
    assert opened["Plaintext"] == b"kept"
    return opened["KeyMaterialId"]


first = bring(0)
old = encrypt()
assert seen(first) == [("CURRENT", "IMPORTED")]
assert "RotationDate" not in rotations()[first]

# New material waits for its turn; until then nothing else changes.
second = bring(1, ImportType="NEW_KEY_MATERIAL", ValidTo=NOW + timedelta(days=100))
assert seen(first, second) == [("CURRENT", "IMPORTED"), ("PENDING_ROTATION", "IMPORTED")]
assert rotations("ROTATIONS_ONLY") == {}
shown = kms.describe_key(KeyId=key_id)["KeyMetadata"]
assert shown["CurrentKeyMaterialId"] == first, shown
assert shown["ExpirationModel"] == "KEY_MATERIAL_DOES_NOT_EXPIRE", shown
assert decrypted_under(encrypt()) == first
assert kms.get_key_rotation_status(KeyId=key_id)["KeyRotationEnabled"] is False

# Its turn has come: what is new is of the new, what is old is decrypted as before.
assert kms.rotate_key_on_demand(KeyId=key_id)["KeyId"] == arn
assert seen(first, second) == [("NON_CURRENT", "IMPORTED"), ("CURRENT", "IMPORTED")]
entry = rotations()[second]
assert (entry["RotationType"], entry["KeyMaterialDescription"]) == ("ON_DEMAND", "number 1"), entry
assert abs(entry["RotationDate"] - NOW) < timedelta(minutes=5), entry
assert list(rotations("ROTATIONS_ONLY")) == [second]
shown = kms.describe_key(KeyId=key_id)["KeyMetadata"]
assert shown["CurrentKeyMaterialId"] == second, shown
assert (shown["ExpirationModel"], shown["ValidTo"]) == ("KEY_MATERIAL_EXPIRES", entry["ValidTo"]), shown
new = encrypt()
assert (decrypted_under(old), decrypted_under(new)) == (first, second)

# While one is missing, the key does nothing, whichever it is.
kms.delete_imported_key_material(KeyId=key_id, KeyMaterialId=first)
assert state(kms, key_id) == "PendingImport"
assert seen(first, second) == [("NON_CURRENT", "PENDING_IMPORT"), ("CURRENT", "IMPORTED")]
words = f"{arn} is pending import."
for operation, arguments in (
    ("encrypt", {"KeyId": key_id, "Plaintext": b"p"}),
    ("decrypt", {"CiphertextBlob": old}),
    ("decrypt", {"CiphertextBlob": new}),
    ("rotate_key_on_demand", {"KeyId": key_id}),
):
    refused(kms, "KMSInvalidStateException", words, operation, **arguments)
assert import_material(kms, key_id, PLAIN[0])["KeyMaterialId"] == first
assert rotations()[first]["KeyMaterialDescription"] == "number 0"
assert (decrypted_under(old), decrypted_under(new)) == (first, second)

# Each ends in its own time: the current one here.
advance_clock(days=101)
assert seen(first, second) == [("NON_CURRENT", "IMPORTED"), ("CURRENT", "PENDING_IMPORT")]
refused(kms, "KMSInvalidStateException", words, "decrypt", CiphertextBlob=old)
assert bring(1, KeyMaterialId=second, **FOR_EVER) == second
assert (state(kms, key_id), decrypted_under(old)) == ("Enabled", first)

# What waits may go, and is forgotten; the key does not mind.
third = bring(2, ImportType="NEW_KEY_MATERIAL")
kms.delete_imported_key_material(KeyId=key_id, KeyMaterialId=third)
assert (state(kms, key_id), third in rotations()) == ("Enabled", False)
refused(kms, "NotFoundException", None, "delete_imported_key_material", KeyId=key_id, KeyMaterialId=third)

# 25 rotations, and no more.
for _ in range(24):
    import_material(kms, key_id, material("SYMMETRIC_DEFAULT"), ImportType="NEW_KEY_MATERIAL")
    kms.rotate_key_on_demand(KeyId=key_id)
assert len(rotations("ROTATIONS_ONLY")) == 25
bring(2, ImportType="NEW_KEY_MATERIAL")
limit = (
    "The on-demand rotations limit has been reached for the given keyId. "
    f"No more on-demand rotations can be performed for this key: {arn}"
)
refused(kms, "LimitExceededException", limit, "rotate_key_on_demand", KeyId=key_id)
assert (decrypted_under(old), decrypted_under(new)) == (first, second)
