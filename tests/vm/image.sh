#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# image.sh DIRECTORY: the machine's memory file system, DIRECTORY/initrd: what tests run, with their libraries, and modules of the
# kernel in DIRECTORY/kernel; and, made anew each time, this build ($BUILD) and its tests, at the place where they are here. The kernel
# unpacks one archive after the other.
set -eu
dir=$1
source=$(cd "$(dirname "$0")/../.." && pwd)
build=$(cd "$BUILD" && pwd)

# Whole packages: what a script runs need not be told here.
packages="dash coreutils grep sed mawk findutils diffutils procps util-linux mount hostname debianutils iproute2 iputils-ping jq nftables
	iptables conntrack netcat-openbsd runc crun tcpdump busybox-static libnftables1 netbase"
plugins=$(for p in host-local static bridge macvlan ipvlan vlan; do echo /usr/lib/cni/$p; done)
modules="net lib crypto arch/x86/crypto fs/overlayfs drivers/net/bonding drivers/net/dummy.ko drivers/net/ifb.ko drivers/net/ipvlan
	drivers/net/macvlan.ko drivers/net/tun.ko drivers/net/tap.ko drivers/net/veth.ko drivers/net/vrf.ko drivers/net/vxlan drivers/net/wireguard"

# new_tree TREE: with the folders that are links in Debian.
new_tree() {
	rm -rf "$1"
	mkdir -p "$1/usr/bin" "$1/usr/sbin" "$1/usr/lib" "$1/usr/lib64"
	for name in bin sbin lib lib64; do ln -s "usr/$name" "$1/$name"; done
}

# libraries_of FILE...: those they need, and those that these need. ldd would run each file's loader; this takes a tenth of the time.
libraries_of() {
	: >"$dir/found"
	printf '%s\n' "$@" >"$dir/new"
	while [ -s "$dir/new" ]; do
		xargs -d '\n' readelf -d <"$dir/new" 2>/dev/null | sed -n 's/.*(NEEDED).*\[\(.*\)\]$/\1/p' | sort -u |
			awk 'NR == FNR { if (!($1 in path)) path[$1] = $NF; next } $1 in path { print path[$1] }' "$dir/libraries" - |
			sort -u | grep -vxFf "$dir/found" >"$dir/next" || true
		cat "$dir/next" >>"$dir/found"
		mv "$dir/next" "$dir/new"
	done
	cat "$dir/found"
}

# add TREE FILE...: with its libraries.
add() {
	tree=$1
	shift
	{
		printf '%s\n' "$@" /lib64/ld-linux-x86-64.so.2
		libraries_of "$@"
	} | sed -E 's,^/(s?bin|lib|lib64)/,/usr/\1/,' | sort -u | xargs -d '\n' cp -L --parents -t "$tree"
}

pack() {
	(cd "$1" && find . | busybox cpio -o -H newc 2>/dev/null) >"$2.new"
	mv "$2.new" "$2"
}

/sbin/ldconfig -p | grep 'x86-64' >"$dir/libraries"

# Changes with the versions of the packages, and with this script.
stamp=$(dpkg-query -W $packages | cat - "$0" | sha256sum)
if [ "$(cat "$dir/base.stamp" 2>/dev/null)" != "$stamp" ] || [ ! -e "$dir/base.cpio" ]; then
	echo "  VM    base"
	new_tree "$dir/base"
	# What is in folders of programs and libraries, wherever a package says it is.
	files=$(dpkg -L $packages | grep -E '^(/usr)?/(s?bin|lib)/' | grep -vE '/(systemd|locale|share)/' |
		while read -r f; do if [ -f "$f" ]; then echo "$f"; fi; done)
	add "$dir/base" $files $plugins
	for link in awk:mawk iptables:xtables-nft-multi ip6tables:xtables-nft-multi iptables-save:xtables-nft-multi \
		ip6tables-save:xtables-nft-multi iptables-restore:xtables-nft-multi nc:nc.openbsd; do
		place=$(dirname "$(cd / && find usr/bin usr/sbin -name "${link#*:}" | head -n 1)")
		ln -sf "${link#*:}" "$dir/base/$place/${link%:*}"
	done
	mkdir -p "$dir/base/etc"
	cp /etc/protocols /etc/services "$dir/base/etc"
	# The kernel loads modules by this name. One after the other: the applet takes a module that is being loaded for one that is there.
	printf '#!/bin/sh\nexec flock /modprobe.lock busybox modprobe "$@"\n' >"$dir/base/usr/sbin/modprobe"
	chmod 755 "$dir/base/usr/sbin/modprobe"
	version=$(ls "$dir/kernel/lib/modules")
	mkdir -p "$dir/base/usr/lib/modules/$version/kernel"
	cp "$dir/kernel/lib/modules/$version"/modules.* "$dir/base/usr/lib/modules/$version"
	(cd "$dir/kernel/lib/modules/$version/kernel" && cp -r --parents $modules "$dir/base/usr/lib/modules/$version/kernel")
	pack "$dir/base" "$dir/base.cpio"
	rm -rf "$dir/base"
	printf '%s\n' "$stamp" >"$dir/base.stamp"
fi

new_tree "$dir/own"
add "$dir/own" "$build/cnm" "$build/tests/cnm-tests" "$build/tests/probe"
mkdir -p "$dir/own$source"
(cd "$source" && cp -r --parents tests drivers spec docs examples cnm/cnm.h "$dir/own$source")
mkdir -p "$dir/own/proc" "$dir/own/sys" "$dir/own/dev" "$dir/own/run" "$dir/own/tmp" "$dir/own/root" "$dir/own/etc"
echo 'root:x:0:0:root:/root:/bin/sh' >"$dir/own/etc/passwd"
echo 'root:x:0:' >"$dir/own/etc/group"
echo "SOURCE='$source' BUILD='$build'" >"$dir/own/etc/cnm-vm"
cp "$source/tests/vm/init" "$dir/own/init"
chmod 755 "$dir/own/init"
pack "$dir/own" "$dir/own.cpio"
rm -rf "$dir/own"
cat "$dir/base.cpio" "$dir/own.cpio" >"$dir/initrd"
rm -f "$dir/own.cpio" "$dir/libraries" "$dir/found" "$dir/new"
