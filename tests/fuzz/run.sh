# SPDX-License-Identifier: GPL-2.0-or-later
# Runs each fuzz target for some seconds (run.sh PROGRAM-FOLDER CORPUS-FOLDER SECONDS) and prints executions and findings.
set -eu
programs=$1 corpora=$2 seconds=$3
status=0
printf '%-18s %12s %9s %9s\n' TARGET EXECUTIONS COVERAGE FINDINGS
for target in ${FUZZ_TARGETS:-$("$programs/replay" "$corpora" 2>/dev/null | cut -d" " -f1)}; do
	work="$programs/work/$target"
	mkdir -p "$work/corpus"
	ln -sf fuzz "$programs/fuzz-$target"
	findings=0
	leaks=1
	# What libnftnl held when it ended its process.
	[ "$target" != netlink ] || leaks=0
	"$programs/fuzz-$target" -detect_leaks=$leaks -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -print_final_stats=1 \
		-artifact_prefix="$work/" "$work/corpus" "$corpora/$target" >"$work/log" 2>&1 || findings=1
	executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "$work/log")
	coverage=$(sed -n 's/.* cov: \([0-9]*\).*/\1/p' "$work/log" | tail -n 1)
	printf '%-18s %12s %9s %9s\n' "$target" "${executions:-0}" "${coverage:--}" "$findings"
	if [ $findings != 0 ] || [ "${executions:-0}" = 0 ]; then
		grep -m 3 -E 'ERROR|SUMMARY|Test unit written' "$work/log" || tail -n 3 "$work/log"
		status=1
	fi
done
exit $status
