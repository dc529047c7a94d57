"""The reference's key-state table (KMS Developer Guide, "Key states"): each operation in each state that a key here has."""

import json

from kms import client, enabled_key, external_key, import_material, import_request, material, refused, state

kms = client()
MESSAGE = {"Message": b"m", "MacAlgorithm": "HMAC_SHA_256"}
SIGNING = {"Message": b"m", "SigningAlgorithm": "ECDSA_SHA_256"}
SYMMETRIC, HMAC, EC = material("SYMMETRIC_DEFAULT"), material("HMAC_256"), material("ECC_NIST_P256")
EVERYBODY = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "kms:*", "Resource": "*"}
POLICY = json.dumps({"Version": "2012-10-17", "Statement": [EVERYBODY]})
NAMES = {"count": 0}


class Keys:
    """A key of each kind, all in one state."""

    def __init__(self, name):
        self.state = name
        self.symmetric = enabled_key(kms, plain=SYMMETRIC)
        self.hmac = enabled_key(kms, "HMAC_256", "GENERATE_VERIFY_MAC", HMAC)
        self.ec = enabled_key(kms, "ECC_NIST_P256", "SIGN_VERIFY", EC)
        self.ciphertext = kms.encrypt(KeyId=self.symmetric, Plaintext=b"p")["CiphertextBlob"]
        self.mac = kms.generate_mac(KeyId=self.hmac, **MESSAGE)["Mac"]
        self.signature = kms.sign(KeyId=self.ec, **SIGNING)["Signature"]
        self.alias = self.new_alias()
        kms.create_alias(AliasName=self.alias, TargetKeyId=self.symmetric)
        for key in (self.symmetric, self.hmac, self.ec):
            self.put(key)

    def put(self, key):
        """Puts a key into the state, from whichever it is in."""
        now = state(kms, key)
        if now == self.state:
            return
        if now == "PendingDeletion":
            kms.cancel_key_deletion(KeyId=key)
            now = state(kms, key)
        if now == "PendingImport" and self.state != "PendingDeletion":
            plain = {self.symmetric: SYMMETRIC, self.hmac: HMAC, self.ec: EC}[key]
            import_material(kms, key, plain)
        into = {
            "Enabled": kms.enable_key,
            "Disabled": kms.disable_key,
            "PendingImport": kms.delete_imported_key_material,
            "PendingDeletion": kms.schedule_key_deletion,
        }
        into[self.state](KeyId=key)
        assert state(kms, key) == self.state, f"{self.state}: {state(kms, key)}"

    def new_alias(self):
        NAMES["count"] += 1
        return f"alias/states-{NAMES['count']}"


OK = None
DISABLED = ("DisabledException", "is disabled.")
DELETION = ("KMSInvalidStateException", "is pending deletion.")
IMPORT = ("KMSInvalidStateException", "is pending import.")
NOT_PENDING = ("KMSInvalidStateException", "is not pending deletion.")
EXTERNAL = ("UnsupportedOperationException", "origin is EXTERNAL which is not valid for this operation.")
NONE_WAITS = ("KMSInvalidStateException", "No available key material pending rotation for the key: ")

USE = [OK, DISABLED, DELETION, IMPORT]
ALWAYS = [OK, OK, OK, OK]
ALIVE = [OK, OK, DELETION, OK]
STATES = ["Enabled", "Disabled", "PendingDeletion", "PendingImport"]


def of(key, **more):
    return lambda keys: {"KeyId": getattr(keys, key), **{name: getattr(keys, value) for name, value in more.items()}}


plain_key = of("symmetric")
# The operation, its arguments, what else it takes, and what it says in each state.
TABLE = [
    ("cancel_key_deletion", plain_key, {}, [NOT_PENDING, NOT_PENDING, OK, NOT_PENDING]),
    ("create_alias", lambda keys: {"AliasName": keys.new_alias(), "TargetKeyId": keys.symmetric}, {}, ALIVE),
    ("update_alias", lambda keys: {"AliasName": keys.alias, "TargetKeyId": keys.symmetric}, {}, ALIVE),
    ("encrypt", plain_key, {"Plaintext": b"p"}, USE),
    ("decrypt", of("symmetric", CiphertextBlob="ciphertext"), {}, USE),
    ("re_encrypt", lambda keys: {"DestinationKeyId": keys.symmetric, "CiphertextBlob": keys.ciphertext}, {}, USE),
    ("generate_data_key", plain_key, {"KeySpec": "AES_256"}, USE),
    ("generate_data_key_without_plaintext", plain_key, {"KeySpec": "AES_256"}, USE),
    ("generate_mac", of("hmac"), MESSAGE, USE),
    ("verify_mac", of("hmac", Mac="mac"), MESSAGE, USE),
    ("sign", of("ec"), SIGNING, USE),
    ("verify", of("ec", Signature="signature"), SIGNING, USE),
    ("get_public_key", of("ec"), {}, USE),
    ("describe_key", plain_key, {}, ALWAYS),
    ("get_key_policy", plain_key, {}, ALWAYS),
    ("put_key_policy", plain_key, {"Policy": POLICY}, ALWAYS),
    ("list_key_policies", plain_key, {}, ALWAYS),
    ("list_aliases", plain_key, {}, ALWAYS),
    ("list_resource_tags", plain_key, {}, ALWAYS),
    ("list_key_rotations", plain_key, {}, ALWAYS),
    ("get_key_rotation_status", plain_key, {}, ALWAYS),
    ("enable_key_rotation", plain_key, {}, [EXTERNAL] * 4),
    ("disable_key_rotation", plain_key, {}, [EXTERNAL] * 4),
    ("tag_resource", plain_key, {"Tags": [{"TagKey": "a", "TagValue": "1"}]}, ALIVE),
    ("untag_resource", plain_key, {"TagKeys": ["a"]}, ALIVE),
    ("update_key_description", plain_key, {"Description": "d"}, ALIVE),
    ("rotate_key_on_demand", plain_key, {}, [NONE_WAITS, DISABLED, DELETION, IMPORT]),
    (
        "get_parameters_for_import",
        plain_key,
        {"WrappingAlgorithm": "RSAES_OAEP_SHA_256", "WrappingKeySpec": "RSA_2048"},
        ALIVE,
    ),
    ("enable_key", plain_key, {}, [OK, OK, DELETION, IMPORT]),
    ("disable_key", plain_key, {}, [OK, OK, DELETION, IMPORT]),
    ("schedule_key_deletion", plain_key, {}, ALIVE),
    ("delete_imported_key_material", plain_key, {}, ALWAYS),
    ("delete_alias", lambda keys: {"AliasName": keys.alias}, {}, ALWAYS),
]

for number, name in enumerate(STATES):
    keys = Keys(name)
    for operation, arguments, more, answers in TABLE:
        given = {**arguments(keys), **more}
        if answers[number] is OK:
            try:
                getattr(kms, operation)(**given)
            except Exception as error:
                raise AssertionError(f"{name}: {operation}: {error}") from error
        else:
            code, words = answers[number]
            key = given.get("KeyId") or given.get("TargetKeyId") or given.get("DestinationKeyId")
            message = f"{words}{key}." if words.endswith(": ") else f"{key} {words}"
            refused(kms, code, message, operation, **given)
        keys.put(keys.symmetric)

# ImportKeyMaterial, whose set must be older than the state.
for name in STATES:
    key = external_key(kms)["Arn"]
    import_material(kms, key, SYMMETRIC)
    request = import_request(kms, key, SYMMETRIC)
    if name == "Disabled":
        kms.disable_key(KeyId=key)
    elif name == "PendingImport":
        kms.delete_imported_key_material(KeyId=key)
    elif name == "PendingDeletion":
        kms.schedule_key_deletion(KeyId=key)
        refused(kms, *[DELETION[0], f"{key} {DELETION[1]}"], "import_key_material", **request)
        continue
    kms.import_key_material(**request)
    assert state(kms, key) == ("Disabled" if name == "Disabled" else "Enabled"), name

# Material that goes while a deletion waits is missing when it is taken back.
key = enabled_key(kms, plain=SYMMETRIC)
kms.schedule_key_deletion(KeyId=key)
kms.delete_imported_key_material(KeyId=key)
assert state(kms, key) == "PendingDeletion"
kms.cancel_key_deletion(KeyId=key)
assert state(kms, key) == "PendingImport"
import_material(kms, key, SYMMETRIC)
assert state(kms, key) == "Enabled"
