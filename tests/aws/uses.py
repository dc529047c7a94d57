"""What is done with imported keys, and looked at by openssl: a key is the right one where the two agree."""

import hashlib

from kms import CURVES, file, material, oaep, openssl, public_key, sm2pke

MESSAGE = b"in the service, and outside"
KEPT = {}


def check(kms, key, plain, cell, turn):
    """One use of this key, another with each turn."""
    use = {
        "GENERATE_VERIFY_MAC": mac,
        "SIGN_VERIFY": sign,
        "KEY_AGREEMENT": agree,
        "ENCRYPT_DECRYPT": encrypt if key["KeySpec"] == "SYMMETRIC_DEFAULT" else decrypt,
    }[key["KeyUsage"]]
    if key["KeyUsage"] != "GENERATE_VERIFY_MAC" and use is not encrypt:
        shown = kms.get_public_key(KeyId=key["KeyId"])
        assert shown["PublicKey"] == public_key(plain), f"{cell}: another public key"
        assert shown["KeySpec"] == key["KeySpec"] and shown["KeyUsage"] == key["KeyUsage"], f"{cell}: {shown}"
    use(kms, key, plain, cell, turn)


def encrypt(kms, key, _plain, cell, _turn):
    """What was encrypted before the material went is decrypted when it is back."""
    context = {"cell": "any"}
    made = kms.encrypt(KeyId=key["KeyId"], Plaintext=MESSAGE, EncryptionContext=context)
    first = KEPT.setdefault(key["KeyId"], made["CiphertextBlob"])
    for ciphertext in (made["CiphertextBlob"], first):
        opened = kms.decrypt(CiphertextBlob=ciphertext, EncryptionContext=context)
        assert opened["Plaintext"] == MESSAGE and opened["KeyId"] == key["Arn"], f"{cell}: {opened}"


def mac(kms, key, plain, cell, _turn):
    bits = key["KeySpec"].removeprefix("HMAC_")
    algorithm = f"HMAC_SHA_{bits}"
    made = kms.generate_mac(KeyId=key["KeyId"], Message=MESSAGE, MacAlgorithm=algorithm)["Mac"]
    options = ["-mac", "HMAC", "-macopt", f"hexkey:{plain.hex()}", "-binary"]
    assert made == openssl("dgst", f"-sha{bits}", *options, file("message", MESSAGE)), f"{cell}: another MAC"
    assert kms.verify_mac(KeyId=key["KeyId"], Message=MESSAGE, MacAlgorithm=algorithm, Mac=made)["MacValid"], cell


def sign(kms, key, plain, cell, turn):
    algorithms = key["SigningAlgorithms"]
    algorithm = algorithms[turn % len(algorithms)]
    bits = algorithm.rpartition("_")[2]
    # The digest made outside, every other time.
    digest = hashlib.new(f"sha{bits}", MESSAGE).digest()
    given = [{"Message": MESSAGE}, {"Message": digest, "MessageType": "DIGEST"}][turn // len(algorithms) % 2]
    made = kms.sign(KeyId=key["KeyId"], SigningAlgorithm=algorithm, **given)["Signature"]
    pss = ["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:digest"] if "PSS" in algorithm else []
    outside = ["-keyform", "DER", "-verify", file("spki", public_key(plain)), "-signature", file("signature", made)]
    said = openssl("dgst", f"-sha{bits}", *outside, *pss, file("message", MESSAGE))
    assert said == b"Verified OK\n", f"{cell}: {algorithm}: {said}"
    verified = kms.verify(KeyId=key["KeyId"], SigningAlgorithm=algorithm, Signature=made, **given)
    assert verified["SignatureValid"], f"{cell}: {verified}"


def decrypt(kms, key, plain, cell, _turn):
    """What anybody encrypts with the public key, without the service."""
    if key["KeySpec"] == "SM2":
        ciphertexts = {"SM2PKE": sm2pke(public_key(plain), MESSAGE)}
    else:
        ciphertexts = {f"RSAES_OAEP_{digest}": oaep(digest, public_key(plain), MESSAGE) for digest in ("SHA_1", "SHA_256")}
    for algorithm, ciphertext in ciphertexts.items():
        opened = kms.decrypt(KeyId=key["KeyId"], CiphertextBlob=ciphertext, EncryptionAlgorithm=algorithm)
        assert opened["Plaintext"] == MESSAGE, f"{cell}: {algorithm}"


def agree(kms, key, plain, cell, _turn):
    assert key["KeySpec"] in CURVES, cell
    peer = material(key["KeySpec"])
    given = {"KeyAgreementAlgorithm": "ECDH", "PublicKey": public_key(peer)}
    agreed = kms.derive_shared_secret(KeyId=key["KeyId"], **given)
    own, other = file("own.der", plain), file("peer.der", public_key(peer))
    outside = openssl("pkeyutl", "-derive", "-keyform", "DER", "-inkey", own, "-peerform", "DER", "-peerkey", other)
    assert agreed["SharedSecret"] == outside, f"{cell}: another secret"
    assert agreed["KeyOrigin"] == "EXTERNAL", f"{cell}: {agreed}"
