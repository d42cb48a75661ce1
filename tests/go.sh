# Sourced in a directory with a go.mod: sets `go` to one that is as new as that asks for. Any Go that can fetch modules will do: one
# that is older fetches the right one, as a module too.
command -v go >/dev/null || { echo "$(pwd) is built from source: install Go (Debian: golang-go)" >&2; exit 1; }
needed=$(sed -n 's/^go //p' go.mod)
has=$(go env GOVERSION | sed 's/^go//; s/[^0-9.].*//')
go=go
if [[ $(printf '%s\n' "$needed" "$has" | sort -V | head -n 1) != "$needed" ]]; then
  toolchain=golang.org/toolchain@v0.0.1-go$needed.$(go env GOOS)-$(go env GOARCH)
  # Away from go.mod, which the old one cannot read.
  at=$(cd / && GO111MODULE=on go mod download -json "$toolchain" | sed -n 's/^\t"Dir": "\(.*\)",\?$/\1/p')
  # Modules do not carry the permission to run.
  chmod -R u+w "$at"
  chmod +x "$at"/bin/* "$at"/pkg/tool/*/*
  go=$at/bin/go
  export GOROOT=$at
fi
export GOTOOLCHAIN=local CGO_ENABLED=0
