"""Answers that are lost on their way: botocore sends once more what it sent, by itself, and nothing must happen twice by it.

In between stands a proxy that forwards every request, and in place of the first answers to an operation gives its own, or none.
It prints the keys that were made, and their material, for the record to be compared with.
"""

import json
import os
import socket
import struct
import threading
import time
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from kms import FOR_EVER, external_key, import_request, material, state

SERVICE = urlsplit(os.environ["AWS_ENDPOINT_URL_KMS"]).netloc
INTERNAL = b'{"__type":"InternalFailure"}'


class Proxy(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # What it does to answers: to which operation, how many of them, and in which way.
    operation, losses, way = None, 0, None
    forwarded = []

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        service = HTTPConnection(SERVICE)
        # As it came, host and all: it is signed.
        service.request("POST", self.path, body, dict(self.headers))
        answer = service.getresponse()
        status, said = answer.status, answer.read()
        service.close()
        if self.headers["X-Amz-Target"] == f"TrentService.{Proxy.operation}":
            Proxy.forwarded.append((status, said))
            if len(Proxy.forwarded) <= Proxy.losses:
                if Proxy.way == "reset":
                    # Closed with a reset, as a crash or a firewall does it.
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    self.connection.close()
                    self.close_connection = True
                    return
                status, said = 500, INTERNAL
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def handle(self):
        try:
            super().handle()
        except (OSError, ValueError):
            pass

    def log_message(self, *_):
        pass


# How long botocore waits between its attempts is not what is tried.
time.sleep = lambda _seconds: None
server = ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
server.daemon_threads = True
threading.Thread(target=server.serve_forever, daemon=True).start()
endpoint = f"http://127.0.0.1:{server.server_port}"


def client(mode):
    retries = {"mode": mode, "total_max_attempts": 5}
    return boto3.client("kms", endpoint_url=endpoint, config=Config(retries=retries))


def lossy(operation, losses, way):
    """From now on the first answers to an operation are lost."""
    Proxy.operation, Proxy.losses, Proxy.way = operation, losses, way
    Proxy.forwarded = []


def audited(key_arn):
    """The imports of this key in the audit log, each with its error."""
    with open(os.environ["AUDIT"]) as log:
        events = [json.loads(line).get("event", {}) for line in log]
    imports = [event for event in events if event.get("eventName") == "ImportKeyMaterial"]
    return [event.get("errorCode") for event in imports if key_arn in json.dumps(event)]


made = {}
for way in ("internal", "reset"):
    for losses in (1, 4):
        kms = client("legacy" if losses == 4 else "standard")
        key = external_key(kms)
        request = import_request(kms, key["KeyId"], material("SYMMETRIC_DEFAULT"), KeyMaterialDescription="once")
        lossy("ImportKeyMaterial", losses, way)
        answer = kms.import_key_material(**request)
        case = f"{losses} lost, {way}"
        assert answer["ResponseMetadata"]["RetryAttempts"] == losses, f"{case}: {answer['ResponseMetadata']}"
        assert len(Proxy.forwarded) == losses + 1, f"{case}: {Proxy.forwarded}"
        # One import, and then the same answer, to the byte.
        assert set(Proxy.forwarded) == {Proxy.forwarded[0]} and Proxy.forwarded[0][0] == 200, f"{case}: {Proxy.forwarded}"
        assert audited(key["Arn"]) == [None] * (losses + 1), f"{case}: {audited(key['Arn'])}"
        shown = kms.list_key_rotations(KeyId=key["KeyId"], IncludeKeyMaterial="ALL_KEY_MATERIAL")["Rotations"]
        assert [entry["KeyMaterialId"] for entry in shown] == [answer["KeyMaterialId"]], f"{case}: {shown}"
        assert shown[0]["KeyMaterialDescription"] == "once", f"{case}: {shown}"
        assert state(kms, key["KeyId"]) == "Enabled", case
        made[key["KeyId"]] = 1

# As many as the client has attempts: it is told, and whoever then asks again by hand is answered.
kms = client("legacy")
key = external_key(kms)
request = import_request(kms, key["KeyId"], material("SYMMETRIC_DEFAULT"))
lossy("ImportKeyMaterial", 5, "internal")
try:
    kms.import_key_material(**request)
    raise AssertionError("all five answers were lost")
except ClientError as error:
    assert error.response["Error"]["Code"] == "InternalFailure", error
    assert error.response["ResponseMetadata"]["MaxAttemptsReached"], error
assert kms.import_key_material(**request)["KeyId"] == key["Arn"]
assert set(Proxy.forwarded) == {Proxy.forwarded[0]} and len(Proxy.forwarded) == 6, Proxy.forwarded
made[key["KeyId"]] = 1

# Sets that nobody heard of end with their day, and the one that came is good.
key = external_key(kms)["KeyId"]
lossy("GetParametersForImport", 2, "reset")
request = import_request(kms, key, material("SYMMETRIC_DEFAULT"))
assert len({json.loads(said)["ImportToken"] for _, said in Proxy.forwarded}) == 3, Proxy.forwarded
kms.import_key_material(**request)
made[key] = 1

# Deleting is as good twice as once.
lossy("DeleteImportedKeyMaterial", 2, "internal")
kms.delete_imported_key_material(KeyId=key)
assert [status for status, _ in Proxy.forwarded] == [200] * 3, Proxy.forwarded
assert state(kms, key) == "PendingImport"
made[key] = 0

# Making a key is not: the reference has no request token for it, and each attempt makes one, the lost ones without material.
before = {entry["KeyId"] for page in kms.get_paginator("list_keys").paginate() for entry in page["Keys"]}
lossy("CreateKey", 2, "internal")
key_id = external_key(kms)["KeyId"]
after = {entry["KeyId"] for page in kms.get_paginator("list_keys").paginate() for entry in page["Keys"]}
assert len(after - before) == 3 and key_id in after - before, after - before
assert {state(kms, other) for other in after - before} == {"PendingImport"}
# Nor is rotating to what waits, but the second time none does, and the client hears so.
key = external_key(kms)["KeyId"]
kms.import_key_material(**import_request(kms, key, material("SYMMETRIC_DEFAULT")))
kms.import_key_material(**import_request(kms, key, material("SYMMETRIC_DEFAULT"), ImportType="NEW_KEY_MATERIAL", **FOR_EVER))
lossy("RotateKeyOnDemand", 1, "internal")
try:
    kms.rotate_key_on_demand(KeyId=key)
    raise AssertionError("it rotated twice")
except kms.exceptions.KMSInvalidStateException as error:
    assert "No available key material pending rotation" in str(error), error
assert len(kms.list_key_rotations(KeyId=key)["Rotations"]) == 1
made[key] = 2
print(json.dumps(made))
