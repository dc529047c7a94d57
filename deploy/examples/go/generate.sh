#!/bin/sh
# Generates keyferryv1/ of proto/, which names no Go package: the options say which it is to be.
set -eu
cd "$(dirname "$0")"
options=module=example.com/import
for file in types key_service import_service; do
    options="$options,Mkeyferry/v1/$file.proto=example.com/import/keyferryv1"
done
protoc -I ../../../proto --go_out=. --go_opt="$options" --go-grpc_out=. --go-grpc_opt="$options" \
    keyferry/v1/types.proto keyferry/v1/key_service.proto keyferry/v1/import_service.proto
