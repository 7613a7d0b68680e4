# SPDX-License-Identifier: GPL-2.0-or-later
# A sample of the crash and error sweep (`make sweep` does all of it), and that the sweep finds what is left when something is.
. "$(dirname "$0")/lib.sh"

SWEEP=$(dirname "$CNM")/sweep
if [ "${CNM_SANITIZER:-}" ]; then
	# What is preloaded and traced here are calls of the plain executable.
	say "skipped under a sanitizer"
	exit 0
fi

say "a sample of stops, errors and refused allocations leaves nothing"
"$SWEEP/sweep" -j 2 -e 331 -v cni-add,cni-del,network-create,network-rm,oci-createRuntime,oci-poststop,gc \
	"$CNM" "$SWEEP/fail_malloc.so" "$SWEEP/cnm" >out 2>err || fail "$(cat out err)"
cat out
# Every verb was met by all three.
awk 'NR > 1 && ($3 == 0 || $4 == 0 || $5 == 0 || $6 != 0) { exit 1 }' out || fail "some verb was not swept: $(cat out)"
assert_eq "verbs" 7 "$(($(wc -l <out) - 1))"

say "the sweep sees an executable that leaves something"
# It makes a link behind the back of cnm when the network is removed by its name, but only where it was killed before.
cat >leaky <<EOF
#!/bin/sh
"$CNM" "\$@" || exit \$?
case "\$*" in "network rm n1") mkdir -p "\$CNM_STATE/forgotten" ;; esac
EOF
chmod +x leaky
status=$(status_of "$SWEEP/sweep" -j 1 -k kill -e 499 -v network-create "$PWD/leaky" "$SWEEP/fail_malloc.so" "$SWEEP/cnm")
[ "$status" != 0 ] || fail "it sees nothing: $(cat out)"
assert_match "what is left" 'left: file .*/forgotten' "$(cat out err)"
