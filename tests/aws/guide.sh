# The reference's guide to importing key material, as it is printed: what somebody types who follows it.
# Two liberties: the endpoint, and od for xxd, which not everybody has.
set -eu
cd "$(mktemp -d)"
trap 'rm -r "$PWD"' EXIT

kms() {
    aws --endpoint-url "$AWS_ENDPOINT_URL_KMS" kms "$@"
}

# Says what differs: `expect <what> <wanted> <found>`.
expect() {
    [ "$2" = "$3" ] || { echo "$1: expected $2, found $3" >&2; exit 1; }
}

describe() {
    kms describe-key --key-id "$ID" --query "KeyMetadata.[KeyState,Enabled,Origin,ExpirationModel,ValidTo]" --output text | tr '\t' ' '
}

ID=$(kms create-key --origin EXTERNAL --query KeyMetadata.KeyId --output text)
expect "a new key" "PendingImport False EXTERNAL None None" "$(describe)"

# Step 2: the command of the reference's page, and both members out of what it prints.
kms get-parameters-for-import --key-id "$ID" --wrapping-algorithm RSAES_OAEP_SHA_256 --wrapping-key-spec RSA_3072 > p.json
for member in KeyId ImportToken PublicKey ParametersValidTo; do
    grep -q "^    \"$member\": " p.json
done
sed -n 's/^    "PublicKey": "\(.*\)",\{0,1\}$/\1/p' p.json > PublicKey.b64
sed -n 's/^    "ImportToken": "\(.*\)",\{0,1\}$/\1/p' p.json > ImportToken.b64
openssl enc -d -base64 -A -in PublicKey.b64 -out WrappingPublicKey.bin
openssl enc -d -base64 -A -in ImportToken.b64 -out ImportToken.bin
openssl pkey -pubin -inform der -in WrappingPublicKey.bin -noout -text | grep -q "Public-Key: (3072 bit)"
expect "the public key" 422 "$(wc -c < WrappingPublicKey.bin)"

# Step 3.
openssl rand -out PlaintextKeyMaterial.bin 32
openssl pkeyutl -encrypt -in PlaintextKeyMaterial.bin -out EncryptedKeyMaterial.bin -inkey WrappingPublicKey.bin -keyform DER \
    -pubin -pkeyopt rsa_padding_mode:oaep -pkeyopt rsa_oaep_md:sha256 -pkeyopt rsa_mgf1_md:sha256

# Step 4, refused first: without an end it needs the other model, and the token is as good as before.
refusal=$(kms import-key-material --key-id "$ID" --import-token fileb://ImportToken.bin \
    --encrypted-key-material fileb://EncryptedKeyMaterial.bin 2>&1) && exit 1
expect "no end" \
    "An error occurred (ValidationException) when calling the ImportKeyMaterial operation: A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES" \
    "$(echo "$refusal" | grep .)"
kms import-key-material --key-id "$ID" --import-token fileb://ImportToken.bin \
    --encrypted-key-material fileb://EncryptedKeyMaterial.bin --expiration-model KEY_MATERIAL_DOES_NOT_EXPIRE > imported.json
grep -q '"KeyMaterialId": "[0-9a-f]\{64\}"' imported.json
expect "an imported key" "Enabled True EXTERNAL KEY_MATERIAL_DOES_NOT_EXPIRE None" "$(describe)"

# It is used, emptied, and brought back with an end: by the same bytes, under a new set, and the other algorithm.
echo "before" > before.txt
kms encrypt --key-id "$ID" --plaintext fileb://before.txt --query CiphertextBlob --output text > before.b64
openssl enc -d -base64 -A -in before.b64 -out before.bin
kms delete-imported-key-material --key-id "$ID" > /dev/null
expect "an emptied key" "PendingImport False EXTERNAL None None" "$(describe)"
kms get-parameters-for-import --key-id "$ID" --wrapping-algorithm RSAES_OAEP_SHA_1 --wrapping-key-spec RSA_2048 \
    --query '[PublicKey,ImportToken]' --output text | tr '\t' '\n' > both
sed -n 1p both | openssl enc -d -base64 -A -out WrappingPublicKey.bin
sed -n 2p both | openssl enc -d -base64 -A -out ImportToken.bin
openssl pkeyutl -encrypt -in PlaintextKeyMaterial.bin -out EncryptedKeyMaterial.bin -inkey WrappingPublicKey.bin -keyform DER \
    -pubin -pkeyopt rsa_padding_mode:oaep -pkeyopt rsa_oaep_md:sha1
end=$(date -u -d "30 days" +%Y-%m-%dT%H:%M:%S)
kms import-key-material --key-id "$ID" --import-token fileb://ImportToken.bin \
    --encrypted-key-material fileb://EncryptedKeyMaterial.bin --expiration-model KEY_MATERIAL_EXPIRES --valid-to "${end}Z" > again.json
expect "the same material" "$(grep KeyMaterialId imported.json)" "$(grep KeyMaterialId again.json)"
seconds=$(date -u -d "${end}Z" +%s)
shown=$(kms describe-key --key-id "$ID" --query KeyMetadata.ValidTo --output text)
expect "the end" "$seconds" "$(date -u -d "$(echo "$shown" | sed 's/^[0-9.]*$/@&/')" +%s)"
kms decrypt --ciphertext-blob fileb://before.bin --query Plaintext --output text | openssl enc -d -base64 -A > after.txt
expect "what was encrypted before" "before" "$(cat after.txt)"

# A private key, by the hybrid.
ID=$(kms create-key --origin EXTERNAL --key-spec RSA_2048 --key-usage SIGN_VERIFY --query KeyMetadata.KeyId --output text)
openssl genpkey -algorithm rsa -pkeyopt rsa_keygen_bits:2048 2> /dev/null |
    openssl pkcs8 -topk8 -outform der -nocrypt > RSA_2048_PrivateKey.der
kms get-parameters-for-import --key-id "$ID" --wrapping-algorithm RSA_AES_KEY_WRAP_SHA_256 --wrapping-key-spec RSA_2048 \
    --query '[PublicKey,ImportToken]' --output text | tr '\t' '\n' > both
sed -n 1p both | openssl enc -d -base64 -A -out WrappingPublicKey.bin
sed -n 2p both | openssl enc -d -base64 -A -out ImportToken.bin
openssl rand -out aes-key.bin 32
openssl enc -id-aes256-wrap-pad -K "$(od -An -v -tx1 < aes-key.bin | tr -d ' \n')" -iv A65959A6 \
    -in RSA_2048_PrivateKey.der -out key-material-wrapped.bin
openssl pkeyutl -encrypt -in aes-key.bin -out aes-key-wrapped.bin -inkey WrappingPublicKey.bin -keyform DER -pubin \
    -pkeyopt rsa_padding_mode:oaep -pkeyopt rsa_oaep_md:sha256 -pkeyopt rsa_mgf1_md:sha256
cat aes-key-wrapped.bin key-material-wrapped.bin > EncryptedKeyMaterial.bin
kms import-key-material --key-id "$ID" --import-token fileb://ImportToken.bin \
    --encrypted-key-material fileb://EncryptedKeyMaterial.bin --expiration-model KEY_MATERIAL_DOES_NOT_EXPIRE > /dev/null
kms sign --key-id "$ID" --message fileb://before.txt --signing-algorithm RSASSA_PSS_SHA_256 --query Signature --output text |
    openssl enc -d -base64 -A -out signature.bin
openssl pkey -inform der -in RSA_2048_PrivateKey.der -pubout -out public.pem
openssl dgst -sha256 -verify public.pem -signature signature.bin -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest \
    before.txt > /dev/null
