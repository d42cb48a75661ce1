#!/bin/sh
# root.sh BINARY ROOT: everything that the image holds, in a new directory: the binary, the shared libraries that it names, the
# authorities whose certificates it trusts, and what the C library reads. No shell, no package manager.
#
# The libraries are those of the Debian it runs on, in the binary's architecture, which need not be this machine's. What they are and
# whose they are stays readable in /var/lib/dpkg/status.d and /usr/share/doc, where scanners look.
set -eu
binary=$1 root=$2
user=65532

header=$(readelf -hW "$binary")
case $header in
  *X86-64*) triplet=x86_64-linux-gnu ;;
  *AArch64*) triplet=aarch64-linux-gnu ;;
  *) echo "root.sh: $binary is for no machine that there is an image for" >&2; exit 1 ;;
esac

mkdir -p "$root"
cd "$root"
umask 022
mkdir -p etc/ssl/certs "lib/$triplet" tmp usr/local/bin usr/share/doc var/lib/dpkg/status.d
chmod 1777 tmp

# record FILE: which package it is from, for scanners and for its licence.
record() {
  owner=$(dpkg-query -S "$1" 2>/dev/null || dpkg-query -S "/usr$1" 2>/dev/null || dpkg-query -S "${1#/usr}")
  package=${owner%%: *}
  name=${package%%:*}
  if [ ! -e "var/lib/dpkg/status.d/$name" ]; then
    dpkg-query -s "$package" >"var/lib/dpkg/status.d/$name"
    mkdir -p "usr/share/doc/$name"
    cp -L "/usr/share/doc/$name/copyright" "usr/share/doc/$name/"
  fi
}

# library NAME: it, and what it needs.
library() {
  [ ! -e "lib/$triplet/$1" ] || return 0
  for directory in "/lib/$triplet" "/usr/lib/$triplet"; do
    if [ -e "$directory/$1" ]; then
      cp -L "$directory/$1" "lib/$triplet/$1"
      record "$directory/$1"
      needed "lib/$triplet/$1"
      return 0
    fi
  done
  echo "root.sh: no $1 for $triplet on this machine" >&2
  exit 1
}

needed() {
  for name in $(readelf -dW "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]$/\1/p'); do
    library "$name"
  done
}

cp "$binary" usr/local/bin/esker
chmod 755 usr/local/bin/esker
needed usr/local/bin/esker

# The loader, where the binary says that it is: it is one of the libraries.
loader=$(readelf -lW "$binary" | sed -n 's/.*program interpreter: \(.*\)\]$/\1/p')
library "$(basename "$loader")"
mkdir -p "./$(dirname "$loader")"
[ -e ".$loader" ] || ln -s "/lib/$triplet/$(basename "$loader")" ".$loader"

cp -L /etc/ssl/certs/ca-certificates.crt etc/ssl/certs/
record /usr/sbin/update-ca-certificates
echo "esker:x:$user:$user:esker:/var/lib/esker:/sbin/nologin" >etc/passwd
echo "esker:x:$user:" >etc/group
echo "hosts: files dns" >etc/nsswitch.conf
