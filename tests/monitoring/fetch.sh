#!/usr/bin/env bash
# fetch.sh DIRECTORY: Debian's prometheus and promtool, unpacked there. Nothing of the system is touched, nobody need be root, and no
# service starts.
set -euo pipefail
command -v apt-get >/dev/null || { echo "Prometheus is taken from Debian's packages: apt-get is needed" >&2; exit 1; }
rm -rf "$1"
mkdir -p "$1/packages" "$1/apt/lists/partial" "$1/apt/cache/archives/partial"
root=$(cd "$1" && pwd)
cd "$root/packages"
# On a machine whose lists of packages were never fetched, or are older than what the archive has: lists of our own.
own=(-o "Dir::State::lists=$root/apt/lists" -o "Dir::Cache=$root/apt/cache" -o APT::Sandbox::User= -o Debug::NoLocking=true)
apt-get -q -o APT::Sandbox::User= download prometheus ||
  { apt-get -q "${own[@]}" update && apt-get -q "${own[@]}" download prometheus; }
dpkg-deb -x prometheus_*.deb "$root"
dpkg-deb -f prometheus_*.deb Version > "$root/version"
rm -r "$root/packages" "$root/apt"
"$root/usr/bin/promtool" --version | head -1
