"""What the scripts share: a client, material wrapped by openssl with the reference's own commands, and refusals."""

import subprocess
import tempfile
from pathlib import Path

import boto3
import gmalg
from botocore.config import Config
from botocore.exceptions import ClientError

SCRATCH = tempfile.TemporaryDirectory(prefix="keyferry-")
FOR_EVER = {"ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE"}
SECRET_BYTES = {"SYMMETRIC_DEFAULT": 32, "HMAC_224": 28, "HMAC_256": 32, "HMAC_384": 48, "HMAC_512": 64}
CURVES = {
    "ECC_NIST_P256": "P-256",
    "ECC_NIST_P384": "P-384",
    "ECC_NIST_P521": "P-521",
    "ECC_SECG_P256K1": "secp256k1",
    "SM2": "SM2",
}


def client(**config):
    return boto3.client("kms", config=Config(**config))


def file(name, content=None):
    """A file in the scratch folder, with this content where one is given."""
    path = Path(SCRATCH.name) / name
    if content is not None:
        path.write_bytes(content)
    return str(path)


def openssl(*arguments):
    """What openssl says."""
    said = subprocess.run(["openssl", *arguments], capture_output=True)
    assert said.returncode == 0, f"openssl {' '.join(arguments)}: {said.stderr.decode()}"
    return said.stdout


MADE = {}


def material(spec):
    """Fresh material for a key of this spec; an RSA key is made once, for that takes seconds."""
    if spec in SECRET_BYTES:
        return openssl("rand", str(SECRET_BYTES[spec]))
    if spec in MADE:
        return MADE[spec]
    if spec in CURVES:
        openssl("genpkey", "-algorithm", "ec", "-pkeyopt", f"ec_paramgen_curve:{CURVES[spec]}", "-out", file("key.pem"))
    else:
        bits = spec.removeprefix("RSA_")
        openssl("genpkey", "-algorithm", "rsa", "-pkeyopt", f"rsa_keygen_bits:{bits}", "-out", file("key.pem"))
    made = openssl("pkcs8", "-topk8", "-outform", "der", "-nocrypt", "-in", file("key.pem"))
    if spec not in CURVES:
        MADE[spec] = made
    return made


def wrap(algorithm, public_key, plain):
    """The encrypted key material, by the commands of the reference's guide."""
    if algorithm.startswith("RSAES_OAEP"):
        return oaep(algorithm.removeprefix("RSAES_OAEP_"), public_key, plain)
    if algorithm == "SM2PKE":
        return sm2pke(public_key, plain)
    key = openssl("rand", "32")
    wrapped = openssl(
        "enc", "-id-aes256-wrap-pad", "-K", key.hex(), "-iv", "A65959A6", "-in", file("plain.bin", plain)
    )
    return oaep(algorithm.removeprefix("RSA_AES_KEY_WRAP_"), public_key, key) + wrapped


def oaep(digest, public_key, plain):
    options = {
        "SHA_1": ["-pkeyopt", "rsa_oaep_md:sha1"],
        "SHA_256": ["-pkeyopt", "rsa_oaep_md:sha256", "-pkeyopt", "rsa_mgf1_md:sha256"],
    }
    return openssl(
        *["pkeyutl", "-encrypt", "-in", file("oaep.bin", plain), "-inkey", file("WrappingPublicKey.bin", public_key)],
        *["-keyform", "DER", "-pubin", "-pkeyopt", "rsa_padding_mode:oaep", *options[digest]],
    )


def sm2pke(public_key, plain):
    """By another library than openssl's, which writes it as C1, C3 and C2 without ASN.1."""
    return gmalg.SM2(pk=public_key[-65:]).encrypt(plain)


def public_key(pkcs8):
    """The public half of a private key, as a DER SubjectPublicKeyInfo."""
    return openssl("pkey", "-inform", "der", "-in", file("private.der", pkcs8), "-pubout", "-outform", "der")


def external_key(kms, spec="SYMMETRIC_DEFAULT", usage="ENCRYPT_DECRYPT", **more):
    """A key that waits for its material."""
    return kms.create_key(Origin="EXTERNAL", KeySpec=spec, KeyUsage=usage, **more)["KeyMetadata"]


def parameters(kms, key_id, algorithm="RSAES_OAEP_SHA_256", spec="RSA_2048"):
    return kms.get_parameters_for_import(KeyId=key_id, WrappingAlgorithm=algorithm, WrappingKeySpec=spec)


def import_request(kms, key_id, plain, algorithm="RSAES_OAEP_SHA_256", spec="RSA_2048", **more):
    """An import of this material that only has to be sent; for ever, where nothing else is said."""
    given = parameters(kms, key_id, algorithm, spec)
    expiration = {} if "ValidTo" in more or "ExpirationModel" in more else FOR_EVER
    return {
        "KeyId": key_id,
        "ImportToken": given["ImportToken"],
        "EncryptedKeyMaterial": wrap(algorithm, given["PublicKey"], plain),
        **expiration,
        **more,
    }


def import_material(kms, key_id, plain, **more):
    return kms.import_key_material(**import_request(kms, key_id, plain, **more))


def enabled_key(kms, spec="SYMMETRIC_DEFAULT", usage="ENCRYPT_DECRYPT", plain=None, **more):
    """The ARN of a key with imported material."""
    key = external_key(kms, spec, usage, **more)
    algorithm = "RSA_AES_KEY_WRAP_SHA_256" if spec.startswith("RSA") else "RSAES_OAEP_SHA_256"
    plain = material(spec) if plain is None else plain
    import_material(kms, key["KeyId"], plain, algorithm=algorithm)
    return key["Arn"]


def state(kms, key_id):
    return kms.describe_key(KeyId=key_id)["KeyMetadata"]["KeyState"]


# What is nobody's fault who calls, and tried again.
ILL = ("DependencyTimeoutException", "KMSInternalException")


def refused(kms, code, message, operation, **arguments):
    """Holds a call to its refusal: the code, the message where it is not None, and the type that the model has for it."""
    case = f"{operation} {arguments}"[:400]
    try:
        answer = getattr(kms, operation)(**arguments)
    except ClientError as error:
        said = (error.response["Error"]["Code"], error.response["Error"]["Message"])
        wanted = (code, said[1] if message is None else message)
        assert said == wanted, f"{case}: expected {wanted}, found {said}"
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        assert status == (500 if code in ILL else 400), f"{case}: HTTP {status}"
        assert error.response["ResponseMetadata"]["RequestId"], f"{case}: no request id"
        if code in {shape.name for shape in kms.meta.service_model.error_shapes}:
            assert isinstance(error, getattr(kms.exceptions, code)), f"{case}: {type(error)}"
        return said[1]
    raise AssertionError(f"{case}: expected {code}, found {answer}")
