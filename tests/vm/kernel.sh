#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# kernel.sh DIRECTORY: Debian's cloud kernel in DIRECTORY/kernel: downloaded as a package and unpacked, not installed. What is there
# already is used.
set -eu
dir=$1
[ ! -e "$dir/kernel/complete" ] || exit 0

# The package of the name that stays depends on that of the version.
package_name() {
	apt-cache depends --important linux-image-cloud-amd64 2>/dev/null |
		sed -n 's/^ *Depends: \(linux-image-[0-9].*\)/\1/p' | head -n 1
}
# Fails where apt's lists do not know it, or know one that its archive has no longer.
fetch() {
	name=$(package_name)
	rm -rf "$dir/kernel" "$dir/package"
	mkdir -p "$dir/kernel" "$dir/package"
	[ -n "$name" ] && echo "  GET   $name" && (cd "$dir/package" && apt-get download -qq -o APT::Sandbox::User=root "$name")
}
if ! fetch 2>/dev/null; then
	apt-get update -qq
	if ! fetch; then
		echo "check-vm: apt-get gives no package linux-image-cloud-amd64" >&2
		exit 1
	fi
fi
dpkg-deb -x "$dir"/package/*.deb "$dir/kernel"
rm -rf "$dir/package"

# The package's own script would say which module needs which; busybox does it for a folder that is not the running system's.
version=$(ls "$dir/kernel/lib/modules")
busybox depmod -b "$dir/kernel" "$version"
touch "$dir/kernel/complete"
