"""What a caller hears who may not, and one who asks too often."""

from botocore.exceptions import ClientError
from kms import client, external_key, import_request, material, refused

ARN = "spiffe://example.org/importer"
kms = client()
key = external_key(kms)
request = import_request(kms, key["KeyId"], material("SYMMETRIC_DEFAULT"))


def denied(action, resource, operation, because="because no identity-based policy allows the {} action", **arguments):
    words = f"User: {ARN} is not authorized to perform: {action} on resource: {resource} " + because.format(action)
    refused(kms, "AccessDeniedException", words, operation, **arguments)


denied("kms:ImportKeyMaterial", key["Arn"], "import_key_material", **request)
denied("kms:ListAliases", "*", "list_aliases")
denied("kms:DisableKey", key["Arn"], "disable_key", "with an explicit deny in an identity-based policy", KeyId=key["KeyId"])

# Two within a second are too many, and on a busy machine two take longer now and then.
hasty = client(retries={"total_max_attempts": 1})
words = "You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls."
for _ in range(50):
    try:
        hasty.list_keys()
    except ClientError as error:
        assert error.response["Error"] == {"Code": "ThrottlingException", "Message": words}, error.response
        break
else:
    raise AssertionError("nobody minds how often it is asked")
# Left to itself, botocore waits and tries again.
assert "Keys" in client(retries={"total_max_attempts": 10, "mode": "standard"}).list_keys()
