#!/usr/bin/env bash
# build.sh BINARY: builds etcd from its Go module.
set -euo pipefail
mkdir -p "$(dirname "$1")"
binary=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
cd "$(dirname "$0")"
. ../go.sh
"$go" build -trimpath -buildvcs=false -o "$binary" .
