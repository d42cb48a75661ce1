#!/usr/bin/env bash
# fetch.sh DIRECTORY: Debian's rabbitmq-server and the Erlang it needs, unpacked there. Nothing of the system is touched, and no
# service starts. `apt-get update` must have been run at some time.
set -euo pipefail
command -v apt-get >/dev/null || { echo "RabbitMQ is taken from Debian's packages: apt-get is needed" >&2; exit 1; }
rm -rf "$1"
mkdir -p "$1/packages"
root=$(cd "$1" && pwd)
# Its other dependencies (openssl, logrotate, socat, ...) are for the service and for tools that nobody calls here.
packages=$(apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces --no-enhances rabbitmq-server |
  sed -n 's/^ *|\{0,1\}Depends: \(erlang-[a-z0-9-]*\)$/\1/p' | sort -u)
# As root, apt says that its own user cannot write here, and does it as root.
(cd "$root/packages" && apt-get -q download rabbitmq-server $packages 2>&1)
for package in "$root"/packages/*.deb; do
  dpkg -x "$package" "$root"
done
dpkg-deb -f "$root"/packages/rabbitmq-server_*.deb Version > "$root/version"
rm -r "$root/packages"
# Where Erlang is, is written into the scripts that start it.
sed -i "s|/usr/lib/erlang|$root/usr/lib/erlang|g" "$root"/usr/lib/erlang/bin/erl "$root"/usr/lib/erlang/erts-*/bin/erl
