"""Every key spec x wrapping algorithm x wrapping key spec: refused, or imported and then used, the use checked outside.

Each key is emptied before its next cell, and always gets the same material: what was made with it in one must be good in all.
"""

import uses
from kms import client, external_key, import_request, material, refused, state

KEY_SPECS = {
    "SYMMETRIC_DEFAULT": ["ENCRYPT_DECRYPT"],
    "HMAC_224": ["GENERATE_VERIFY_MAC"],
    "HMAC_256": ["GENERATE_VERIFY_MAC"],
    "HMAC_384": ["GENERATE_VERIFY_MAC"],
    "HMAC_512": ["GENERATE_VERIFY_MAC"],
    "RSA_2048": ["ENCRYPT_DECRYPT", "SIGN_VERIFY"],
    "RSA_3072": ["SIGN_VERIFY", "ENCRYPT_DECRYPT"],
    "RSA_4096": ["ENCRYPT_DECRYPT", "SIGN_VERIFY"],
    "ECC_NIST_P256": ["SIGN_VERIFY", "KEY_AGREEMENT"],
    "ECC_NIST_P384": ["SIGN_VERIFY", "KEY_AGREEMENT"],
    "ECC_NIST_P521": ["SIGN_VERIFY", "KEY_AGREEMENT"],
    "ECC_SECG_P256K1": ["SIGN_VERIFY"],
    "SM2": ["ENCRYPT_DECRYPT"],
}
OAEP = ["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"]
HYBRID = ["RSA_AES_KEY_WRAP_SHA_1", "RSA_AES_KEY_WRAP_SHA_256"]
# The reference takes the names of the others too, and nothing else of them.
ALGORITHMS = [*OAEP, *HYBRID, "RSAES_PKCS1_V1_5", "SM2PKE"]
WRAPPING_SPECS = ["RSA_2048", "RSA_3072", "RSA_4096", "SM2"]


def is_allowed(spec, algorithm, wrapping):
    if "SM2PKE" == algorithm or wrapping == "SM2":
        is_private_key = spec.startswith(("RSA", "ECC", "SM2"))
        return (algorithm, wrapping) == ("SM2PKE", "SM2") and is_private_key
    if algorithm not in OAEP + HYBRID:
        return False
    if spec == "SM2":
        return algorithm in OAEP
    if spec.startswith("RSA"):
        return algorithm in HYBRID
    if spec == "ECC_NIST_P521":
        return algorithm in HYBRID or wrapping != "RSA_2048"
    return spec.startswith("ECC") or algorithm in OAEP


def refuse(spec, algorithm, wrapping, key):
    code = "ValidationException"
    message = f"Wrapping algorithm {algorithm} and wrapping key spec {wrapping} cannot be used to import a {spec} key."
    # The reference's words for these are not known.
    if algorithm == "RSAES_PKCS1_V1_5":
        message = None
    given = {"KeyId": key["KeyId"], "WrappingAlgorithm": algorithm, "WrappingKeySpec": wrapping}
    refused(kms, code, message, "get_parameters_for_import", **given)
    assert state(kms, key["KeyId"]) == "PendingImport"


def import_into(key, cell, plain, algorithm, wrapping, material_id):
    kms.delete_imported_key_material(KeyId=key["KeyId"])
    assert state(kms, key["KeyId"]) == "PendingImport", cell
    request = import_request(kms, key["KeyId"], plain, algorithm, wrapping)
    answer = kms.import_key_material(**request)
    assert answer["KeyId"] == key["Arn"], cell
    # The same for the same material, and shown where the reference shows it.
    assert answer.get("KeyMaterialId") == (material_id or answer.get("KeyMaterialId")), f"{cell}: {answer}"
    assert ("KeyMaterialId" in answer) == (key["KeySpec"] == "SYMMETRIC_DEFAULT"), f"{cell}: {answer}"
    assert state(kms, key["KeyId"]) == "Enabled", cell
    return answer.get("KeyMaterialId")


kms = client()
imported = 0
for spec, usages in KEY_SPECS.items():
    plain = material(spec)
    keys = [external_key(kms, spec, usage) for usage in usages]
    material_id = None
    turns = 0
    for algorithm in ALGORITHMS:
        for wrapping in WRAPPING_SPECS:
            cell = f"{spec} x {algorithm} x {wrapping}"
            if not is_allowed(spec, algorithm, wrapping):
                refuse(spec, algorithm, wrapping, external_key(kms, spec, usages[0]))
                continue
            key = keys[turns % len(keys)]
            material_id = import_into(key, cell, plain, algorithm, wrapping, material_id)
            uses.check(kms, key, plain, cell, turns)
            turns += 1
    imported += turns
assert imported == 108, imported
