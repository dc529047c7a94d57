"""Every refusal of a key's uses, with code and message; the code alone where the reference's words are not known."""

from kms import client, enabled_key, material, public_key, refused

kms = client()
bare = client(parameter_validation=False)
symmetric = enabled_key(kms)
another = enabled_key(kms)
rsa = {usage: enabled_key(kms, "RSA_2048", usage) for usage in ("ENCRYPT_DECRYPT", "SIGN_VERIFY")}
hmac = enabled_key(kms, "HMAC_224", "GENERATE_VERIFY_MAC")
ec = enabled_key(kms, "ECC_NIST_P256", "SIGN_VERIFY")
agreement = enabled_key(kms, "ECC_NIST_P256", "KEY_AGREEMENT")
mac = kms.generate_mac(KeyId=hmac, Message=b"m", MacAlgorithm="HMAC_SHA_224")["Mac"]
signature = kms.sign(KeyId=ec, Message=b"m", SigningAlgorithm="ECDSA_SHA_256")["Signature"]
sealed = kms.encrypt(KeyId=symmetric, Plaintext=b"p", EncryptionContext={"a": "b"})["CiphertextBlob"]
plain_sealed = kms.encrypt(KeyId=symmetric, Plaintext=b"p")["CiphertextBlob"]
peer = public_key(material("ECC_NIST_P256"))

oaep = {"EncryptionAlgorithm": "RSAES_OAEP_SHA_256"}
ecdsa = {"SigningAlgorithm": "ECDSA_SHA_256"}
USES = {
    "encrypt": {"KeyId": symmetric, "Plaintext": b"p"},
    "decrypt": {"KeyId": symmetric, "CiphertextBlob": plain_sealed},
    "re_encrypt": {"DestinationKeyId": another, "CiphertextBlob": plain_sealed},
    "generate_data_key": {"KeyId": symmetric, "KeySpec": "AES_256"},
    "generate_data_key_without_plaintext": {"KeyId": symmetric, "KeySpec": "AES_256"},
    "generate_mac": {"KeyId": hmac, "Message": b"m", "MacAlgorithm": "HMAC_SHA_224"},
    "verify_mac": {"KeyId": hmac, "Message": b"m", "MacAlgorithm": "HMAC_SHA_224", "Mac": mac},
    "sign": {"KeyId": ec, "Message": b"m", **ecdsa},
    "verify": {"KeyId": ec, "Message": b"m", "Signature": signature, **ecdsa},
    "derive_shared_secret": {"KeyId": agreement, "KeyAgreementAlgorithm": "ECDH", "PublicKey": peer},
}


def use_refused(code, message, operation, **changed):
    """What is said to a good use with something else in it."""
    return refused(kms, code, message, operation, **{**USES[operation], **changed})


# It would have succeeded.
words = "The request would have succeeded, but the DryRun option is set."
for operation in USES:
    getattr(kms, operation)(**USES[operation])
    use_refused("DryRunOperationException", words, operation, DryRun=True)
    use_refused("InvalidGrantTokenException", None, operation, GrantTokens=["x"])

# Not what the key is for.
wrong = {
    "encrypt": {"KeyId": rsa["SIGN_VERIFY"], **oaep},
    "decrypt": {"KeyId": rsa["SIGN_VERIFY"], "CiphertextBlob": bytes(256), **oaep},
    "sign": {"KeyId": rsa["ENCRYPT_DECRYPT"], "SigningAlgorithm": "RSASSA_PSS_SHA_256"},
    "verify": {"KeyId": rsa["ENCRYPT_DECRYPT"], "SigningAlgorithm": "RSASSA_PSS_SHA_256"},
    "generate_mac": {"KeyId": symmetric},
    "verify_mac": {"KeyId": symmetric},
    "derive_shared_secret": {"KeyId": ec},
}
VERBS = {verb: verb.title().replace("_", "") for verb in wrong}
for operation, changed in wrong.items():
    usage = kms.describe_key(KeyId=changed["KeyId"])["KeyMetadata"]["KeyUsage"]
    words = f"{changed['KeyId']} key usage is {usage} which is not valid for {VERBS[operation]}."
    use_refused("InvalidKeyUsageException", words, operation, **changed)
use_refused("InvalidKeyUsageException", None, "generate_data_key", KeyId=rsa["ENCRYPT_DECRYPT"])

# An algorithm of other keys.
for operation, changed, algorithm, spec in (
    ("generate_mac", {"MacAlgorithm": "HMAC_SHA_256"}, "HMAC_SHA_256", "HMAC_224"),
    ("sign", {"SigningAlgorithm": "ECDSA_SHA_384"}, "ECDSA_SHA_384", "ECC_NIST_P256"),
    ("encrypt", oaep, "RSAES_OAEP_SHA_256", "SYMMETRIC_DEFAULT"),
):
    words = f"Algorithm {algorithm} is incompatible with key spec {spec}."
    use_refused("InvalidKeyUsageException", words, operation, **changed)

# Lengths.
for digest, most in (("SHA_1", 214), ("SHA_256", 190)):
    given = {"KeyId": rsa["ENCRYPT_DECRYPT"], "EncryptionAlgorithm": f"RSAES_OAEP_{digest}"}
    kms.encrypt(Plaintext=bytes(most), **given)
    words = f"Algorithm RSAES_OAEP_{digest} and key spec RSA_2048 cannot encrypt data larger than {most} bytes."
    use_refused("ValidationException", words, "encrypt", Plaintext=bytes(most + 1), **given)
words = "Digest is invalid length for algorithm ECDSA_SHA_256."
for operation in ("sign", "verify"):
    use_refused("ValidationException", words, operation, MessageType="DIGEST", Message=bytes(31))
for operation, member, most in (
    ("encrypt", "Plaintext", 4096),
    ("sign", "Message", 4096),
    ("generate_mac", "Message", 4096),
    ("decrypt", "CiphertextBlob", 6144),
    ("verify", "Signature", 6144),
    ("verify_mac", "Mac", 6144),
):
    field = member[0].lower() + member[1:]
    start = f"1 validation error detected: Value at '{field}' failed to satisfy constraint: Member must have length "
    use_refused("ValidationException", f"{start}less than or equal to {most}", operation, **{member: bytes(most + 1)})
    given = {**USES[operation], member: b""}
    refused(bare, "ValidationException", f"{start}greater than or equal to 1", operation, **given)
use_refused("ValidationException", None, "generate_data_key", NumberOfBytes=24)
refused(kms, "ValidationException", None, "generate_data_key", KeyId=symmetric)
for count in (0, 1025):
    given = {"KeyId": symmetric, "NumberOfBytes": count}
    refused(bare, "ValidationException", None, "generate_data_key", **given)
    refused(bare, "ValidationException", None, "generate_random", NumberOfBytes=count)

# What is not this key's, or not whole.
words = "The key ID in the request does not identify a CMK that can perform this operation."
use_refused("IncorrectKeyException", words, "decrypt", KeyId=another)
use_refused("IncorrectKeyException", words, "re_encrypt", SourceKeyId=another)
broken = bytearray(plain_sealed)
broken[-1] ^= 1
for changed in (
    {"CiphertextBlob": bytes(broken)},
    {"CiphertextBlob": b"noise"},
    {"CiphertextBlob": plain_sealed[:-1]},
    {"CiphertextBlob": sealed},
    {"CiphertextBlob": sealed, "EncryptionContext": {"a": "c"}},
    {"EncryptionContext": {"a": "b"}},
    {"KeyId": rsa["ENCRYPT_DECRYPT"], "CiphertextBlob": b"\1" * 256, **oaep},
):
    use_refused("InvalidCiphertextException", "", "decrypt", **changed)
assert kms.decrypt(CiphertextBlob=sealed, EncryptionContext={"a": "b"})["Plaintext"] == b"p"
use_refused("KMSInvalidMacException", "", "verify_mac", Message=b"n")
use_refused("KMSInvalidMacException", "", "verify_mac", Mac=mac[:-1])
use_refused("KMSInvalidSignatureException", "", "verify", Message=b"n")
use_refused("KMSInvalidSignatureException", "", "verify", Signature=b"noise")
use_refused("ValidationException", None, "derive_shared_secret", PublicKey=b"noise")
other_curve = public_key(material("ECC_NIST_P384"))
use_refused("ValidationException", None, "derive_shared_secret", PublicKey=other_curve)

# Enclaves: what is encrypted for one is not given to others in its stead.
document = {"KeyEncryptionAlgorithm": "RSAES_OAEP_SHA_256", "AttestationDocument": b"x"}
for operation in ("decrypt", "generate_data_key", "derive_shared_secret"):
    use_refused("UnsupportedOperationException", None, operation, Recipient=document)
refused(kms, "UnsupportedOperationException", None, "generate_random", NumberOfBytes=1, Recipient=document)
