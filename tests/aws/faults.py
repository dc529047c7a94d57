"""What the reference's clients hear where the service itself is ill, and that they get what they wanted once it is well."""

import os
import shutil
from pathlib import Path

from kms import client, enabled_key, refused

once = client(retries={"total_max_attempts": 1})
patient = client(retries={"mode": "standard", "total_max_attempts": 10})
use = {"KeyId": enabled_key(patient), "Plaintext": b"p"}
audit, tokens = os.environ["KEYFERRY_TEST_AUDIT"], Path(os.environ["KEYFERRY_TEST_TOKENS"])

# Where nothing can be written down, nothing is done.
os.rename(audit, f"{audit}.away")
refused(once, "DependencyTimeoutException", "the audit log cannot be written: try again", "encrypt", **use)
os.rename(f"{audit}.away", audit)
patient.encrypt(**use)

# The token has lost the key, of which nothing more is said.
for token in tokens.iterdir():
    shutil.rmtree(token)
refused(once, "KMSInternalException", "internal error", "encrypt", **use)
