# SPDX-License-Identifier: GPL-2.0-or-later
# What the executable holds while its input has not come yet: four capabilities, none to inherit, and no descriptor of its caller.
. "$(dirname "$0")/lib.sh"

# waits WHAT COMMAND...: COMMAND waits for its input; it is looked at, and then ended.
waits() {
	what=$1
	shift
	rm -f input && mkfifo input
	sleep 1000 >input &
	writer=$!
	(exec 7</etc/passwd 8>leaked && exec "$@" <input >out 2>err) &
	pid=$!
	# It sleeps in a read of its standard input: everything before has been done.
	until_true 5 sh -c "grep -q '^[0-9]* 0x0 ' /proc/$pid/syscall && [ \"\$(readlink /proc/$pid/exe)\" = \"$(readlink -f "$CNM")\" ]"
	for set in Prm Eff; do
		# NET_ADMIN, SYS_PTRACE, SYS_ADMIN, DAC_OVERRIDE
		assert_eq "$what: Cap$set" 0000000000281002 "$(sed -n "s/^Cap$set:.//p" "/proc/$pid/status")"
	done
	for set in Inh Amb; do
		assert_eq "$what: Cap$set" 0000000000000000 "$(sed -n "s/^Cap$set:.//p" "/proc/$pid/status")"
	done
	[ ! -e "/proc/$pid/fd/7" ] && [ ! -e "/proc/$pid/fd/8" ] || fail "$what: it kept what it was not given: $(ls -l "/proc/$pid/fd")"
	kill "$writer" && wait "$writer" || :
	wait "$pid" && fail "$what: it accepts no input" || :
}

make_roots
say "the OCI hook"
waits "oci createRuntime" "$CNM" oci createRuntime --network web
waits "oci poststop" "$CNM" oci poststop
say "the CNI plugin"
export CNI_CONTAINERID=c1 CNI_NETNS=/run/netns/none CNI_IFNAME=eth0 CNI_PATH=/
for command in ADD DEL CHECK; do
	CNI_COMMAND=$command waits "CNI $command" "$CNM"
done
