#!/usr/bin/env bash
# build.sh BINARY PYTHON: builds the load generator. The stubs are made of the contract by Google's own compiler, which PYTHON has
# (grpcio-tools), and by the generators that go.mod names.
set -euo pipefail
mkdir -p "$(dirname "$1")"
binary=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
python=$(cd "$(dirname "$2")" && pwd)/$(basename "$2")
cd "$(dirname "$0")"

. ../../go.sh
plugins=$(mktemp -d)
trap 'rm -rf "$plugins"' EXIT
"$go" build -o "$plugins/" google.golang.org/protobuf/cmd/protoc-gen-go google.golang.org/grpc/cmd/protoc-gen-go-grpc
proto=../../../proto
here=esker.test/queues
known=$("$python" -c 'import pathlib, grpc_tools; print(pathlib.Path(grpc_tools.__file__).parent / "_proto")')
args=()
for generator in go go-grpc; do
  args+=("--plugin=protoc-gen-$generator=$plugins/protoc-gen-$generator" "--${generator}_out=." "--${generator}_opt=module=$here")
  for file in streams queues; do
    args+=("--${generator}_opt=Mesker/v1/$file.proto=$here/pb")
  done
  args+=("--${generator}_opt=Mgoogle/rpc/status.proto=google.golang.org/genproto/googleapis/rpc/status")
done
"$python" -m grpc_tools.protoc "-I$proto" "-I$known" "${args[@]}" esker/v1/streams.proto esker/v1/queues.proto
"$go" build -trimpath -buildvcs=false -o "$binary" .
