# SPDX-License-Identifier: GPL-2.0-or-later
# Containers of the real crun join a bridge network and leave it.
. "$(dirname "$0")/lib.sh"
use_runtime crun
. "$CNM_SOURCE/tests/e2e/bridge.inc.sh"
