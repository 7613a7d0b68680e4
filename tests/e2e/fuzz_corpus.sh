# SPDX-License-Identifier: GPL-2.0-or-later
# Every file of the fuzzers' corpora once more: what was found stays mended. `make fuzz` looks for more.
. "$(dirname "$0")/lib.sh"

say "no parser crashes on its corpus"
# Under a sanitizer: libnftnl ends its process at some replies, and what it held is lost.
ASAN_OPTIONS="${ASAN_OPTIONS:-}:detect_leaks=0" "$(dirname "$CNM")/fuzz/replay" "$CNM_SOURCE/tests/fuzz/corpus" >out 2>err || fail "$(cat out; tail -n 3 err)"
cat out
assert_eq "targets" 13 "$(wc -l <out)"
