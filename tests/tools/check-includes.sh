#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Which way calls go: hook -> drivers -> cnm -> cnm/sys -> cnm/base; hook and drivers -> spec -> cnm/base.
# A line that includes against that direction is an error.
set -eu
cd "$(dirname "$0")/../.."
status=0

# forbid FOLDER PATTERN REASON: no file of FOLDER (not of its subfolders) includes a path that matches PATTERN.
forbid() {
	for file in "$1"/*.[ch]; do
		[ -e "$file" ] || continue
		found=$(grep -nE "^[[:space:]]*#[[:space:]]*include[[:space:]]+[\"<]($2)" "$file" || true)
		[ -z "$found" ] && continue
		printf '%s\n' "$found" | sed "s|^|$file:|; s|\$|    ($3)|"
		status=1
	done
}

upper='drivers/|spec/|hook/|tests/'
forbid cnm/base "$upper|cnm/sys/|cnm/[a-z_]+\\.h" 'cnm/base is the lowest layer'
forbid cnm/sys "$upper|cnm/[a-z_]+\\.h" 'cnm/sys uses cnm/base only'
forbid cnm "$upper" 'cnm knows no driver, no wire format and no way in'
forbid spec "drivers/|hook/|tests/|cnm/sys/|cnm/[a-z_]+\\.h" 'spec uses cnm/base only'
forbid drivers 'hook/|tests/' 'drivers know no way in'
forbid hook 'tests/' 'tests are not part of the program'

# A driver includes its own headers (bridge*.c: bridge*.h) and what all drivers share; builtin.c knows them all.
shared='builtin|options|ruleset|forwarding|plain|ports|foreign|uplinks|parent'
for file in drivers/*.[ch]; do
	[ -e "$file" ] || continue
	own=$(basename "$file" | sed 's/[_.].*//')
	[ "$own" = builtin ] && continue
	found=$(grep -nE '^[[:space:]]*#[[:space:]]*include[[:space:]]+"drivers/' "$file" |
		grep -vE "\"drivers/($own|$shared)[a-z_]*\\.h\"" || true)
	[ -z "$found" ] && continue
	printf '%s\n' "$found" | sed "s|^|$file:|; s|\$|    (drivers do not include each other)|"
	status=1
done

# Our headers are named by their path from the top, so that the layer is visible where it is used.
for file in $(find cnm drivers spec hook tests examples -name '*.[ch]'); do
	found=$(grep -nE '^[[:space:]]*#[[:space:]]*include[[:space:]]+"' "$file" |
		grep -vE '"(cnm|drivers|spec|hook|tests)/[a-z_/0-9]+\.h"' || true)
	[ -z "$found" ] && continue
	printf '%s\n' "$found" | sed "s|^|$file:|; s|\$|    (name the header by its path)|"
	status=1
done
exit $status
