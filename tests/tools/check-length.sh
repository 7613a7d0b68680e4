#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# A file that a person can read in one sitting: source files beyond 400 lines are named, beyond 600 refused;
# and every file says under which license and in which role it is there.
set -eu
cd "$(dirname "$0")/../.."
status=0
for file in $(find cnm drivers spec hook tests examples -name '*.[ch]'); do
	lines=$(wc -l <"$file")
	if [ "$lines" -gt 600 ]; then
		echo "$file: $lines lines, at most 600"
		status=1
	elif [ "$lines" -gt 400 ]; then
		echo "  note: $file has $lines lines (aim: 400)"
	fi
	if ! head -n 1 "$file" | grep -q 'SPDX-License-Identifier: GPL-2.0-or-later'; then
		echo "$file: no SPDX line at its head"
		status=1
	fi
done
exit $status
