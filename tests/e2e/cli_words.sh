# SPDX-License-Identifier: GPL-2.0-or-later
# What the command line says and how it ends: usage, names, identifiers, exit statuses, a standard output that takes nothing.
. "$(dirname "$0")/lib.sh"

make_roots

say "version and help, the same way for every command"
assert_eq "--version" "$("$CNM" version)" "$("$CNM" --version)"
for verb in oci oci-spec connect "network create"; do
	# shellcheck disable=SC2086
	help=$("$CNM" $verb --help)
	assert_match "$verb --help" "^Usage: cnm $verb \\[OPTION...\\]" "$help"
	assert_match "$verb --help" "--format=text\\|json" "$help"
done
assert_status 1 "$CNM" --format json oci createRuntime
assert_json "an error of a hook in JSON" '.error.code == "parse"' "$(cat err)"

say "an error of usage reads what the runtime writes"
# No pipe takes this much: a writer whose reader is gone gets a signal.
head -c 300000 /dev/zero >much
(
	trap '' PIPE
	cat much
	echo $? >writer
) | "$CNM" oci nonsense >out 2>err && fail "a stage that does not exist is taken" || assert_eq "status" 2 $?
assert_match "usage" 'nonsense" is none of prestart, createRuntime, poststop' "$(cat err)"
assert_eq "the writer's end" 0 "$(cat writer)"
rm writer
(
	trap '' PIPE
	cat much
	echo $? >writer
) | CNI_COMMAND=ADD "$CNM" >out 2>err && fail "ADD without a container is taken" || :
assert_eq "the writer's end" 0 "$(cat writer)"
CNI_COMMAND=ADD "$CNM" >out <<'C' && fail "ADD without a container is taken" || :
{"cniVersion":"0.4.0","name":"x","type":"cnm"}
C
assert_json "the caller's version in an error about the environment" '.cniVersion == "0.4.0" and .code == 4' "$(cat out)"

say "what was made and cannot be told is unmade"
baseline
for command in "network create n" "sandbox create s"; do
	# shellcheck disable=SC2086
	"$CNM" $command >/dev/full 2>err && fail "$command into a full device succeeds" || assert_eq "status" 1 $?
	assert_match "$command" '^cnm: .*standard output: No space left on device$' "$(cat err)"
	assert_eq "lines of error" 1 "$(wc -l <err)"
	assert_baseline main "$command into a full device: something"
done

say "what contradicts itself is refused"
assert_status 2 "$CNM" network create --label a=1 --label a=2 n
assert_match "label" '--label: a is given twice, as "1" and as "2"' "$(cat err)"
assert_status 2 "$CNM" network create -o mtu=1400 -o mtu=1500 n
assert_status 0 "$CNM" network create --label a=1 --label a=1 n
assert_status 2 "$CNM" connect --sysctl net.ipv4.conf.IFNAME.arp_notify n s
"$CNM" sandbox create s >/dev/null
for name in all default; do
	assert_status 1 "$CNM" connect --ifname $name n s
	assert_match "reason" "interface name '$name' is reserved by the kernel" "$(cat err)"
done

say "identifiers"
"$CNM" connect n s
assert_eq "sandbox ls -q" s "$("$CNM" sandbox ls -q)"
assert_eq "endpoint ls -q" n/s@eth0 "$("$CNM" endpoint ls -q)"
id=$("$CNM" --format json endpoint ls | jq -r '.[0].EndpointID // .[0].Id')
assert_json "endpoint inspect ID" '.[0].Name == "s@eth0"' "$("$CNM" endpoint inspect "$id")"
assert_json "endpoint inspect PREFIX" '.[0].Name == "s@eth0"' "$("$CNM" endpoint inspect "$(echo "$id" | cut -c1-12)")"
assert_status 1 "$CNM" endpoint inspect 0badc0de
assert_eq "inspect of nothing" '[]' "$(cat out)"
assert_match "inspect of nothing" '^cnm: endpoint 0badc0de: no such endpoint$' "$(cat err)"

say "exec ends as the command does, or as a shell would"
assert_status 7 "$CNM" exec s -- sh -c 'exit 7'
assert_status 127 "$CNM" exec s -- no-such-command
assert_match "reason" '^cnm: no-such-command: No such file or directory$' "$(cat err)"
assert_status 126 "$CNM" exec s -- /etc/passwd

say "networks without interfaces take no interface's name, and the host's no namespace but the host's"
"$CNM" network create -d null nothing >/dev/null
"$CNM" network create -d host everything >/dev/null
"$CNM" sandbox create s2 >/dev/null
"$CNM" connect nothing s2
"$CNM" connect n s2
assert_eq "interfaces" "eth0 null0" "$("$CNM" --format json endpoint ls | jq -r '[.[] | select(.Name | startswith("s2@")) | .Name[3:]] | sort | join(" ")')"
assert_status 1 "$CNM" connect everything s2
assert_match "reason" 'container s2 has a network namespace of its own' "$(cat err)"
for s in s s2; do "$CNM" sandbox rm $s >/dev/null; done
for n in n nothing everything; do "$CNM" network rm $n >/dev/null; done
assert_baseline main "at the end something"
