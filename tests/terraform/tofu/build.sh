#!/usr/bin/env bash
# build.sh BINARY: builds OpenTofu from its Go module.
set -euo pipefail
mkdir -p "$(dirname "$1")"
binary=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
cd "$(dirname "$0")"
. ../../go.sh
"$go" build -trimpath -buildvcs=false -ldflags='-s -w' -o "$binary" github.com/opentofu/opentofu/cmd/tofu
