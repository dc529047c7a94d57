"""What the reference's clients hear where the service itself is ill, and that they get what they wanted once it is well."""

import os
import sqlite3

from kms import client, enabled_key, refused

once = client(retries={"total_max_attempts": 1})
patient = client(retries={"mode": "standard", "total_max_attempts": 10})
use = {"KeyId": enabled_key(patient), "Plaintext": b"p"}
audit, record = os.environ["KEYFERRY_TEST_AUDIT"], os.environ["KEYFERRY_TEST_RECORD"]

# Where nothing can be written down, nothing is done.
os.rename(audit, f"{audit}.away")
refused(once, "DependencyTimeoutException", "the audit log cannot be written: try again", "encrypt", **use)
os.rename(f"{audit}.away", audit)
patient.encrypt(**use)

# The record says what no version of the service writes, of which nothing more is said.
with sqlite3.connect(record) as tampered:
    tampered.execute("UPDATE materials SET exposure = 'of no kind'")
refused(once, "KMSInternalException", "internal error", "encrypt", **use)
