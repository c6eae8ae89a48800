#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Makes three dumps with Debian's 6.1 in QEMU and holds whyhung's verdicts against the truth: the starved stop_machine
# with the panic wherever it comes, the same under other names taken by QEMU while it hangs, and a healthy busy machine.
# usage: small.sh WHYHUNG
set -eu
whyhung=$1
here=$(cd "$(dirname "$0")" && pwd)
lab=$here/../../lab/lab
dumps=$(mktemp -d)
trap 'rm -rf "$dumps"' EXIT
make_dump() {
  name=$1
  shift
  mkdir "$dumps/$name"
  "$lab" run "$@" --kernel 6.1 --name "$name" --out "$dumps/$name"
}
make_dump while1 while1 --form kdump-lzo
make_dump renamed while1 --form qemu-zlib --qemu-when hung --cpus 3 --cpu 0 --loop flag \
  --module-name storagepoll --thread-name sp_worker --function-name sp_poll_loop
make_dump busy busy --form kdump-lzo
"$here/check_verdicts.py" "$whyhung" "$dumps"
