"""What ends in time, seen by moving the service's clock: sets, material and keys."""

from datetime import datetime, timedelta, timezone

from kms import client, enabled_key, external_key, import_material, import_request, material, parameters, refused, state
from signed import advance_clock

kms = client()
plain = material("SYMMETRIC_DEFAULT")
key = external_key(kms)
key_id, arn = key["KeyId"], key["Arn"]
now = datetime.now(timezone.utc)

# A set is good for a day, and is not the next.
lifetime = parameters(kms, key_id)["ParametersValidTo"] - now
assert timedelta(hours=23, minutes=58) < lifetime < timedelta(hours=24, minutes=2), lifetime
waiting, used = import_request(kms, key_id, plain), import_request(kms, key_id, plain)
kms.import_key_material(**used)
advance_clock(days=1, seconds=1)
refused(kms, "ExpiredImportTokenException", "", "import_key_material", **waiting)
refused(kms, "ExpiredImportTokenException", "", "import_key_material", **used)

# Material ends when it was said to, and the key with it; the same bytes bring both back.
now += timedelta(days=1)
ciphertext = kms.encrypt(KeyId=key_id, Plaintext=b"kept")["CiphertextBlob"]
end = (now + timedelta(days=300)).replace(microsecond=0)
import_material(kms, key_id, plain, ValidTo=end)
shown = kms.describe_key(KeyId=key_id)["KeyMetadata"]
assert (shown["ValidTo"], shown["ExpirationModel"]) == (end, "KEY_MATERIAL_EXPIRES"), shown
advance_clock(days=299)
assert kms.decrypt(CiphertextBlob=ciphertext)["Plaintext"] == b"kept"
advance_clock(days=1, minutes=10)
shown = kms.describe_key(KeyId=key_id)["KeyMetadata"]
assert shown["KeyState"] == "PendingImport" and not shown["Enabled"], shown
assert not {"ValidTo", "ExpirationModel"} & shown.keys(), shown
refused(kms, "KMSInvalidStateException", f"{arn} is pending import.", "decrypt", CiphertextBlob=ciphertext)
other = import_request(kms, key_id, material("SYMMETRIC_DEFAULT"))
refused(kms, "IncorrectKeyMaterialException", "", "import_key_material", **other)
import_material(kms, key_id, plain)
assert kms.decrypt(CiphertextBlob=ciphertext)["Plaintext"] == b"kept"

# So for a key whose material has a public half.
signing = enabled_key(kms, "ECC_NIST_P256", "SIGN_VERIFY")
kms.delete_imported_key_material(KeyId=signing)
refused(kms, "KMSInvalidStateException", f"{signing} is pending import.", "get_public_key", KeyId=signing)

# A key goes when its time has come, and not before.
due = kms.schedule_key_deletion(KeyId=key_id, PendingWindowInDays=7)
assert due["KeyState"] == "PendingDeletion" and due["KeyId"] == arn, due
assert kms.describe_key(KeyId=key_id)["KeyMetadata"]["DeletionDate"] == due["DeletionDate"]
advance_clock(days=6, hours=23)
assert state(kms, key_id) == "PendingDeletion"
advance_clock(hours=1, seconds=1)
refused(kms, "NotFoundException", f"Key '{arn}' does not exist", "describe_key", KeyId=key_id)
refused(kms, "NotFoundException", f"Key '{arn}' does not exist", "cancel_key_deletion", KeyId=key_id)
