#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Proves that every rule of the firewall is tested: for each one a build without it, and the end-to-end scripts that can tell, until one fails; then
# the same for what protects without being a rule, and for rules that are made too wide. Prints a table; ends with 1 when somebody was not missed.
#
#   sh tests/tools/mutate-ruleset.sh [-j JOBS] [-q] [-t SCRIPT]... [CHAIN|FILE|FILE:LINE|weaker]...
#
# Run by `make mutation`, as root, after `make all tests`; $BUILD is the folder of that build. Only the objects that differ are
# made again, in a copy of the tree. What a chain should hold is counted in the same text, so a build without a rule finds nothing amiss in that.
# -q leaves out the run of the scripts on the whole ruleset, which comes first.
set -eu
cd "$(dirname "$0")/../.."
SOURCE=$PWD
BUILD=${BUILD:-build}
WORK=${WORK:-$(realpath "$BUILD")/mutation}
JOBS=2
SCRIPTS=
QUICK=
while getopts j:qt: option; do
	case $option in
	j) JOBS=$OPTARG ;;
	q) QUICK=1 ;;
	t) SCRIPTS="$SCRIPTS $OPTARG" ;;
	*) exit 2 ;;
	esac
done
shift $((OPTIND - 1))

# rules FILE: LINE CHAIN RULE, one a line: what ruleset_table.c counts.
rules() {
	awk '/^\tchain / { chain = $2 } /^\t}/ { chain = "" }
		chain && /^\t\t/ { sub(/^\t+/, ""); if ($1 != "type" && $1 !~ /^#/) print NR, chain, $0 }' "$1"
}

# scripts FILE CHAIN RULE: which can tell, the likeliest first.
scripts() {
	case ${SCRIPTS:+given}:$1:$2:$3 in
	given:*) echo "$SCRIPTS" ;;
	*:drivers/ruleset_bridge.nft:*) echo antispoof ;;
	*@closed* | *"@open "* | *iifkind* | *@outside*) echo cni_open ports_modes ;;
	*:transit:* | *@no_transit* | *@foreign*) echo foreign cni_open docker_later ;;
	*:to_bridge:* | *:asked:* | *:between_bridges:* | *:from_bridge:*) echo ports_modes ports_nat ;;
	*) echo ports_nat ports_modes ;;
	esac
}

# FILE|SED-COMMAND|weaker|SCRIPTS|WHAT IT DOES, one a line.
weaker() {
	cat <<'LIST'
drivers/ruleset.nft|/chain prerouting/,/}/s/fib daddr type local goto/goto/|weaker|ports_nat|prerouting: ports of any destination are translated
drivers/ruleset.nft|/chain output/,/}/s/fib daddr type local goto/goto/|weaker|ports_nat|output: ports of any destination are translated
drivers/ruleset.nft|s/ip saddr . ip daddr @inside4 masquerade/meta nfproto ipv4 masquerade/|weaker|ports_nat|every client of a port is masqueraded, IPv4
drivers/ruleset.nft|s/ip6 saddr . ip6 daddr @inside6 masquerade/meta nfproto ipv6 masquerade/|weaker|ports_nat|every client of a port is masqueraded, IPv6
cnm/sandbox_net.c|/accept_ra"/{n;s/"0"/"1"/}|weaker|router_adverts|containers listen to router advertisements
drivers/bridge_network.c|s/"accept_ra", "0"/"accept_ra", "1"/|weaker|router_adverts|the host's bridge listens to router advertisements
drivers/bridge_port.c|/disable_ipv6"/{n;s/"1"/"0"/}|weaker|router_adverts|IPv6 is on at the host's end of a pair
cnm/sandbox_net.c|s/has_ipv6(endpoint) ? "0" : "1", err/"0", err/|weaker|router_adverts|IPv6 is on in containers of a network without it
drivers/bridge_network.c|s/has_address ? "0" : "1", err/"0", err/|weaker|router_adverts|IPv6 is on at the bridge of a network without it
drivers/ruleset_bridge.nft|s/iifname vmap @ports/iifname @bridges accept/|weaker|antispoof|no port is judged
drivers/bridge_port.c|s/bridge->icc ? CNM_KEEP : CNM_ON/CNM_KEEP/|weaker|repair|no port isolation with icc=false
drivers/bridge_port.c|/if (bridge->mac_check)/,+1d|weaker|antispoof|no locked port with anti_spoof
drivers/bridge_port.c|s/return cnm_sysctl_write(path, "1", err)/return 0/|weaker|antispoof|no rp_filter with anti_spoof
drivers/ruleset_table.c|/^int cnm_table_check/,/^}/s/if (!chain)/if (chain || !chain)/|weaker|flush_table|CHECK does not count rules
drivers/ruleset_table.c|/^int cnm_table_restore/,/^}/s/if (!chain)/if (chain || !chain)/|weaker|flush_table|reconcile does not put rules back
LIST
}

# run TREE SCRIPT LOG: the script, with that tree's executable, as tests/e2e/e2e.c starts it.
run() {
	roots=$(mktemp -d /tmp/cnm-test.XXXXXX)
	status=0
	env CNM="$1/build/cnm" CNM_E2E=1 CNM_SOURCE="$1" CNM_ROOT="$roots/root" CNM_STATE="$roots/state" TMPDIR="$roots" MATRIX_PROTOCOLS=tcp \
		timeout -s KILL 600 unshare --net --mount --pid --fork --kill-child --mount-proc sh "$1/tests/e2e/$2.sh" \
		>"$3" 2>&1 </dev/null || status=$?
	rm -rf "$roots"
	return $status
}

# reason LOG: the first assertion that failed.
reason() {
	awk '/^FAILED: / { sub(/^FAILED: /, ""); text = $0; if (text ~ /:$/ && (getline next_line) > 0) text = next_line; print text; found = 1; exit }
		END { if (!found) print "ended early: " $0 }' "$1" | cut -c 1-160
}

# tree NAME: a copy of the sources and of what was built of them, so that make finds nothing else to do.
tree() {
	mkdir -p "$WORK/$1/build/obj" "$WORK/$1/build/tests"
	cp -a Makefile cnm.pc.in cnm drivers hook spec tests "$WORK/$1/"
	for part in cnm drivers hook spec; do cp -a "$BUILD/obj/$part" "$WORK/$1/build/obj/"; done
	cp -a "$BUILD/cnm" "$BUILD/libcnm.a" "$WORK/$1/build/"
	cp -a "$BUILD/tests/probe" "$WORK/$1/build/tests/"
}

# A rule that is missed by a script which fails anyway proves nothing.
healthy() {
	tree whole
	for script in $(sed 's/^[^|]*|[^|]*|[^|]*|//; s/|.*//' "$WORK/list" | tr ' ' '\n' | sort -u); do
		run "$WORK/whole" "$script" "$WORK/whole.$script" ||
			{ echo "mutation: $script fails with all rules in place: $(reason "$WORK/whole.$script")" >&2; exit 1; }
	done
	rm -rf "$WORK/whole"
}

# prove TREE FILE SED-COMMAND CHAIN SCRIPTS RULE: prints a line of the table.
prove() {
	name=$(basename "$2")
	case $3 in *[!0-9d]*) ;; *) name=$name:${3%d} ;; esac
	log=$WORK/$(echo "$name $6" | tr -c 'A-Za-z0-9.\n' _ | cut -c 1-80)
	sed "$3" "$SOURCE/$2" >"$1/$2"
	! cmp -s "$1/$2" "$SOURCE/$2" || { echo "mutation: $2 is the same after $3" >&2; exit 1; }
	make -s -o Makefile -C "$1" build/cnm >"$log.make" 2>&1 || { cat "$log.make" >&2; exit 1; }
	verdict="SURVIVED ($5)"
	for script in $5; do
		if ! run "$1" "$script" "$log.$script"; then
			verdict="$script: $(reason "$log.$script")"
			# Killed: it was slow, which is no verdict.
			[ "$status" -ne 137 ] || verdict="SURVIVED ($script had no end)"
			break
		fi
	done
	printf '%s | %s | %s | %s\n' "$name" "$4" "$6" "$verdict"
	cp "$SOURCE/$2" "$1/$2"
}

# worker NUMBER: every JOBS-th rule, in a tree of its own.
worker() {
	tree "tree$1"
	awk -v n="$1" -v jobs="$JOBS" 'NR % jobs == n % jobs' "$WORK/list" | while IFS='|' read -r file change chain names rule; do
		prove "$WORK/tree$1" "$file" "$change" "$chain" "$names" "$rule" </dev/null | tee -a "$WORK/table"
	done
	rm -rf "$WORK/tree$1"
}

rm -rf "$WORK"
mkdir -p "$WORK"
: >"$WORK/table"
for file in drivers/ruleset.nft drivers/ruleset_bridge.nft; do
	rules "$file" | while read -r line chain rule; do
		case " ${*:-$chain} " in
		*" $chain "* | *" $(basename "$file"):$line "* | *" $(basename "$file") "*)
			echo "$file|${line}d|$chain|$(scripts "$file" "$chain" "$rule")|$rule"
			;;
		esac
	done
done >"$WORK/list"
case " ${*:-weaker} " in *" weaker "*) weaker >>"$WORK/list" ;; esac
[ -n "$QUICK" ] || healthy
pids=
for n in $(seq "$JOBS"); do
	worker "$n" &
	pids="$pids $!"
done
for pid in $pids; do wait "$pid" || exit 1; done
total=$(wc -l <"$WORK/list")
[ "$(wc -l <"$WORK/table")" -eq "$total" ] || { echo "mutation: $(wc -l <"$WORK/table") of $total builds were tried" >&2; exit 1; }
survivors=$(grep -c '| SURVIVED' "$WORK/table" || :)
echo "mutation: $total builds, $survivors survived (table: $WORK/table)"
[ "$survivors" -eq 0 ]
