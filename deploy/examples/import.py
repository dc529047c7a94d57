#!/usr/bin/env python3
"""Makes a key, wraps 32 random bytes for it on this machine and brings them into the token.

  pip install grpcio grpcio-tools cryptography
  . .local/env
  openssl rand -out KEYFILE 32
  python3 deploy/examples/import.py KEYFILE
"""
import hashlib
import os
import pathlib
import sys
import tempfile

import grpc
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from grpc_tools import protoc

# The client that gRPC generates of the service's protocol. A program of your own would keep what is generated here.
PROTO = pathlib.Path(__file__).resolve().parents[2] / "proto"
generated = tempfile.TemporaryDirectory()
files = [str(path.relative_to(PROTO)) for path in sorted(PROTO.rglob("*.proto"))]
flags = [f"-I{PROTO}", f"--python_out={generated.name}", f"--grpc_python_out={generated.name}"]
# protoc looks up the well-known types beside itself.
flags.append(f"-I{pathlib.Path(protoc.__file__).parent / '_proto'}")
if protoc.main(["protoc", *flags, *files]) != 0:
    sys.exit("protoc could not compile proto/")
sys.path.insert(0, generated.name)
from keyferry.v1 import import_service_pb2, import_service_pb2_grpc, key_service_pb2, key_service_pb2_grpc, types_pb2  # noqa: E402


def read(variable):
    """The file that an environment variable names."""
    return pathlib.Path(os.environ[variable]).read_bytes()


def material_id(secret, key_id):
    """What the service must show of an AES key: SHA-256 over the key's id and what only this key can encrypt."""
    domain = b"keyferry key material id v1"
    encryptor = Cipher(algorithms.AES(secret), modes.ECB()).encryptor()
    evidence = encryptor.update(hashlib.sha256(domain).digest()) + encryptor.finalize()
    return hashlib.sha256(b"\0".join([domain, key_id.encode(), b"aes", evidence])).hexdigest()


secret = pathlib.Path(sys.argv[1]).read_bytes()
if len(secret) != 32:
    sys.exit(f"{sys.argv[1]} has {len(secret)} bytes, expected 32")

credentials = grpc.ssl_channel_credentials(
    root_certificates=read("KEYFERRY_CA_BUNDLE"),
    private_key=read("KEYFERRY_CLIENT_KEY"),
    certificate_chain=read("KEYFERRY_CLIENT_CERT"),
)
address = os.environ["KEYFERRY_ENDPOINT_URL"].removeprefix("https://").rstrip("/")
with grpc.secure_channel(address, credentials) as channel:
    keys = key_service_pb2_grpc.KeyServiceStub(channel)
    imports = import_service_pb2_grpc.ImportServiceStub(channel)

    created = keys.CreateKey(
        key_service_pb2.CreateKeyRequest(origin=types_pb2.ORIGIN_EXTERNAL, description="from the Python example"), timeout=60
    )
    key_id = created.key_metadata.key_id

    parameters = imports.GetParametersForImport(
        import_service_pb2.GetParametersForImportRequest(
            key_id=key_id,
            wrapping_algorithm=types_pb2.WRAPPING_ALGORITHM_RSAES_OAEP_SHA_256,
            wrapping_key_spec=types_pb2.WRAPPING_KEY_SPEC_RSA_4096,
        ),
        timeout=60,
    )
    sha256 = hashes.SHA256()
    oaep = padding.OAEP(mgf=padding.MGF1(sha256), algorithm=sha256, label=None)
    wrapped = serialization.load_der_public_key(parameters.public_key).encrypt(secret, oaep)

    imported = imports.ImportKeyMaterial(
        import_service_pb2.ImportKeyMaterialRequest(
            key_id=key_id,
            import_token=parameters.import_token,
            encrypted_key_material=wrapped,
            expiration_model=types_pb2.EXPIRATION_MODEL_KEY_MATERIAL_DOES_NOT_EXPIRE,
        ),
        timeout=60,
    )

if imported.key_material_id != material_id(secret, key_id):
    sys.exit(f"{imported.key_id} holds other material than was given: do not use it")
print(f"{imported.key_id} holds {imported.key_material_id}")
