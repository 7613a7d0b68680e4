#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# `make bench-docs`: the last run goes into docs/performance.md, between the two marks, and its plots and numbers beside it.
#
#	docs.sh FOLDER-OF-THE-RUN
set -eu
out=$1
docs=$(cd "$(dirname "$0")/../.." && pwd)/docs
for file in bench.json performance.md performance.svg performance-growth.svg; do
	[ -s "$out/$file" ] || { echo "bench-docs: $out/$file is not there: make bench comes first, with all its parts" >&2; exit 1; }
done
new=$(mktemp "$docs/.performance.XXXXXX")
trap 'rm -f "$new"' EXIT
{
	sed '/^<!-- generated: begin/q' "$docs/performance.md"
	echo
	cat "$out/performance.md"
	if [ -s "$out/ports.txt" ]; then
		printf '\n### Published ports\n\n```\n'
		cat "$out/ports.txt"
		printf '```\n'
	fi
	echo
	sed -n '/^<!-- generated: end/,$p' "$docs/performance.md"
} >"$new"
chmod 644 "$new"
mv "$new" "$docs/performance.md"
cp "$out/performance.svg" "$out/performance-growth.svg" "$docs/"
# Without the single samples, which nobody reads.
jq 'del(.compare.one[]?.samples)' "$out/bench.json" >"$docs/performance.json"
