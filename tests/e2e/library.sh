# SPDX-License-Identifier: GPL-2.0-or-later
# `make install` puts everything under DESTDIR and PREFIX; a program finds the library there by pkg-config, and it works.
. "$(dirname "$0")/lib.sh"
build=$(dirname "$CNM")
dest=$TMPDIR/dest
# A sanitized library needs a sanitized program.
case ${CNM_SANITIZER:-} in
asan) sanitize=-fsanitize=address ;;
ubsan) sanitize=-fsanitize=undefined ;;
*) sanitize= ;;
esac

say "install"
# Everything is built already, and the tree belongs to somebody else: nothing may be built here.
make -C "$CNM_SOURCE" --no-print-directory -o all BUILD="$build" DESTDIR="$dest" PREFIX=/usr CNI_BIN_DIR=/opt/cni/bin install >log 2>&1 ||
	fail "make install: $(cat log)"
for f in usr/bin/cnm usr/lib/libcnm.so usr/lib/libcnm.so.0 usr/lib/libcnm.a usr/lib/pkgconfig/libcnm.pc usr/include/cnm/cnm.h \
	usr/include/cnm/base/error.h opt/cni/bin/cnm; do
	[ -e "$dest/$f" ] || fail "$f is not installed"
done
"$dest/usr/bin/cnm" version >/dev/null
printf '{"cniVersion":"1.0.0"}' | CNI_COMMAND=VERSION "$dest/opt/cni/bin/cnm" >version
assert_json "installed plugin" '.supportedVersions | index("1.0.0")' "$(cat version)"

say "pkg-config"
export PKG_CONFIG_PATH="$dest/usr/lib/pkgconfig" PKG_CONFIG_SYSROOT_DIR="$dest" PKG_CONFIG_ALLOW_SYSTEM_CFLAGS=1 PKG_CONFIG_ALLOW_SYSTEM_LIBS=1
flags=$(pkg-config --cflags --libs libcnm)
# shellcheck disable=SC2086
gcc -std=gnu11 -Wall -Wextra -Werror $sanitize -o attach "$CNM_SOURCE/examples/attach.c" $flags || fail "examples/attach.c does not compile"
# shellcheck disable=SC2086
printf '#include <cnm/cnm.h>\nint main(void) { return !cnm_version()[0]; }\n' | gcc -x c -std=c11 -Wall -Wextra -Wpedantic -Werror $sanitize -o version - $flags

say "the exported functions are those of the header"
nm -D --defined-only "$dest/usr/lib/libcnm.so" | awk '$2 == "T" { sub(/@.*/, "", $3); print $3 }' | sort >exported
sed -n '/^global:/,/^local:/s/^[[:space:]]*\(cnm_[a-z_]*\);.*/\1/p' "$CNM_SOURCE/cnm/cnm.sym" | sort >listed
cmp exported listed || fail "cnm.sym and libcnm.so differ: $(diff listed exported)"
cat "$dest/usr/include/cnm/cnm.h" "$dest/usr/include/cnm/base/error.h" | grep -v '^ \*' | grep -oE '\bcnm_[a-z_]+\(' | tr -d '(' | sort -u >declared
comm -23 declared listed >missing
[ ! -s missing ] || fail "declared, not exported: $(cat missing)"

say "the example program"
make_roots
baseline
export LD_LIBRARY_PATH="$dest/usr/lib"
ldd attach | grep -q "$dest/usr/lib/libcnm.so.0" || fail "the program does not use the installed library"
./attach >out || fail "attach: $(cat out)"
assert_match "address" '10\.[0-9.]+/|172\.[0-9.]+/|192\.168\.[0-9.]+/' "$(cat out)"
assert_match "key" "$CNM_STATE/netns/" "$(cat out)"
assert_baseline

say "uninstall"
make -C "$CNM_SOURCE" --no-print-directory BUILD="$build" DESTDIR="$dest" PREFIX=/usr CNI_BIN_DIR=/opt/cni/bin uninstall >log 2>&1
assert_eq "files after uninstall" "" "$(find "$dest" -type f -o -type l)"
