"""Calls of many kinds over both protocols, right and wrong ones."""

import collections
import datetime
import os
import shlex
import subprocess
import threading
import time

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

THREADS = 4


class Load:
    """Against a service that `keyferryd dev` runs in a folder."""

    def __init__(self, folder, client):
        self.client = client
        self.environment = environment(folder / "env")
        self.key_file = folder.parent / "material"
        self.key_file.write_bytes(os.urandom(32))
        self.counts = collections.Counter()
        self.lock = threading.Lock()

    def run(self, seconds):
        """Returns after so many."""
        self.end = time.monotonic() + seconds
        threads = [threading.Thread(target=self.uses) for _ in range(THREADS)]
        threads.append(threading.Thread(target=self.imports))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def said(self):
        return ", ".join(f"{count} {outcome}" for outcome, count in self.counts.most_common())

    def imports(self):
        """Key material that ends sooner and later, by the client, over gRPC."""
        days = 0
        while time.monotonic() < self.end:
            days += 5
            end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=days % 120 + 1)
            command = [self.client, "import", self.key_file, "--wrapping-key-spec", "RSA_2048"]
            command += ["--valid-to", end.isoformat(timespec="seconds")]
            done = subprocess.run(command, env=self.environment, capture_output=True)
            self.count("imported" if done.returncode == 0 else "not imported")

    def uses(self):
        kms = boto3.client(
            "kms",
            endpoint_url=self.environment["AWS_ENDPOINT_URL_KMS"],
            verify=self.environment["AWS_CA_BUNDLE"],
            aws_access_key_id=self.environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.environment["AWS_SECRET_ACCESS_KEY"],
            region_name=self.environment["AWS_DEFAULT_REGION"],
            config=Config(retries={"total_max_attempts": 1}, max_pool_connections=THREADS),
        )
        key = self.call(kms.create_key)["KeyMetadata"]["KeyId"]
        signs = self.call(kms.create_key, KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
        while time.monotonic() < self.end:
            sealed = self.call(kms.encrypt, KeyId=key, Plaintext=b"x" * 64)
            if sealed:
                self.call(kms.decrypt, CiphertextBlob=sealed["CiphertextBlob"])
            self.call(kms.sign, KeyId=signs, Message=b"x" * 32, SigningAlgorithm="ECDSA_SHA_256")
            self.call(kms.describe_key, KeyId="00000000-0000-4000-8000-000000000000")
            self.call(kms.decrypt, CiphertextBlob=b"nothing that was encrypted")

    def call(self, operation, **members):
        try:
            answer = operation(**members)
            self.count("answered")
            return answer
        except ClientError as error:
            code = error.response["Error"]["Code"]
            self.count(code)
            if code == "DependencyTimeoutException":
                # As a caller does who wants to be served.
                time.sleep(0.5)
        except BotoCoreError as error:
            self.count(type(error).__name__)
        return None

    def count(self, outcome):
        with self.lock:
            self.counts[outcome] += 1


def environment(file):
    """What `source` would set."""
    names = dict(os.environ)
    for line in file.read_text().splitlines():
        if line.startswith("export ") and "=" in line:
            name, value = line.removeprefix("export ").split("=", 1)
            names[name] = "".join(shlex.split(value))
    names["PATH"] = os.environ["PATH"]
    return names
