// Makes a key, wraps 32 random bytes for it on this machine and brings them into the token.
//
// The client that gRPC generates of the service's protocol goes into keyferryv1/, by protoc with its two plugins for Go:
//
//	go install google.golang.org/protobuf/cmd/protoc-gen-go@latest google.golang.org/grpc/cmd/protoc-gen-go-grpc@latest
//	go generate && go mod tidy
//	. ../../../.local/env
//	openssl rand -out KEYFILE 32
//	go run . KEYFILE
package main

//go:generate ./generate.sh

import (
	"context"
	"crypto/aes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"log"
	"os"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	pb "example.com/import/keyferryv1"
)

func main() {
	if len(os.Args) != 2 {
		log.Fatal("give a file with 32 random bytes")
	}
	if err := run(os.Args[1]); err != nil {
		log.Fatal(err)
	}
}

func run(keyfile string) error {
	secret, err := os.ReadFile(keyfile)
	if err != nil {
		return err
	}
	if len(secret) != 32 {
		return fmt.Errorf("%s has %d bytes, expected 32", keyfile, len(secret))
	}
	channel, err := connect()
	if err != nil {
		return err
	}
	defer channel.Close()
	keys, imports := pb.NewKeyServiceClient(channel), pb.NewImportServiceClient(channel)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()

	created, err := keys.CreateKey(ctx, &pb.CreateKeyRequest{
		Origin:      pb.Origin_ORIGIN_EXTERNAL,
		Description: "from the Go example",
	})
	if err != nil {
		return err
	}
	keyID := created.KeyMetadata.KeyId

	parameters, err := imports.GetParametersForImport(ctx, &pb.GetParametersForImportRequest{
		KeyId:             keyID,
		WrappingAlgorithm: pb.WrappingAlgorithm_WRAPPING_ALGORITHM_RSAES_OAEP_SHA_256,
		WrappingKeySpec:   pb.WrappingKeySpec_WRAPPING_KEY_SPEC_RSA_4096,
	})
	if err != nil {
		return err
	}
	parsed, err := x509.ParsePKIXPublicKey(parameters.PublicKey)
	if err != nil {
		return err
	}
	wrappingKey, ok := parsed.(*rsa.PublicKey)
	if !ok {
		return errors.New("the wrapping key is not RSA")
	}
	wrapped, err := rsa.EncryptOAEP(sha256.New(), rand.Reader, wrappingKey, secret, nil)
	if err != nil {
		return err
	}

	imported, err := imports.ImportKeyMaterial(ctx, &pb.ImportKeyMaterialRequest{
		KeyId:                keyID,
		ImportToken:          parameters.ImportToken,
		EncryptedKeyMaterial: wrapped,
		ExpirationModel:      pb.ExpirationModel_EXPIRATION_MODEL_KEY_MATERIAL_DOES_NOT_EXPIRE,
	})
	if err != nil {
		return err
	}
	expected, err := materialID(secret, keyID)
	if err != nil {
		return err
	}
	if imported.KeyMaterialId != expected {
		return fmt.Errorf("%s holds other material than was given: do not use it", imported.KeyId)
	}
	fmt.Println(imported.KeyId, "holds", imported.KeyMaterialId)
	return nil
}

// connect dials the service over mutual TLS.
func connect() (*grpc.ClientConn, error) {
	certificate, err := tls.LoadX509KeyPair(os.Getenv("KEYFERRY_CLIENT_CERT"), os.Getenv("KEYFERRY_CLIENT_KEY"))
	if err != nil {
		return nil, err
	}
	bundle, err := os.ReadFile(os.Getenv("KEYFERRY_CA_BUNDLE"))
	if err != nil {
		return nil, err
	}
	authorities := x509.NewCertPool()
	if !authorities.AppendCertsFromPEM(bundle) {
		return nil, errors.New("KEYFERRY_CA_BUNDLE has no certificate in it")
	}
	config := &tls.Config{Certificates: []tls.Certificate{certificate}, RootCAs: authorities, MinVersion: tls.VersionTLS12}
	address := strings.TrimSuffix(strings.TrimPrefix(os.Getenv("KEYFERRY_ENDPOINT_URL"), "https://"), "/")
	return grpc.Dial(address, grpc.WithTransportCredentials(credentials.NewTLS(config)))
}

// materialID is what the service must show of an AES key: SHA-256 over the key's id and what only this key can encrypt.
func materialID(secret []byte, keyID string) (string, error) {
	const domain = "keyferry key material id v1"
	cipher, err := aes.NewCipher(secret)
	if err != nil {
		return "", err
	}
	evidence := sha256.Sum256([]byte(domain))
	cipher.Encrypt(evidence[:16], evidence[:16])
	cipher.Encrypt(evidence[16:], evidence[16:])
	id := sha256.Sum256([]byte(domain + "\x00" + keyID + "\x00aes\x00" + string(evidence[:])))
	return hex.EncodeToString(id[:]), nil
}
