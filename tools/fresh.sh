#!/bin/sh
# Runs the given generator and fails if it changed the tree, showing what. The tree is compared with
# itself a moment earlier, not with a commit, so that work in progress passes when it is consistent.
# What was generated stays: commit it. Neither the index nor the repository is touched.
set -eu

cd "$(dirname "$0")/.."
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir "$scratch/objects"

ours() { GIT_INDEX_FILE=$scratch/index GIT_OBJECT_DIRECTORY=$scratch/objects git -c core.safecrlf=false "$@"; }
snapshot() { ours add -A . && ours write-tree; }

before=$(snapshot)
"$@"
after=$(snapshot)
if ! ours diff --exit-code --stat "$before" "$after"; then
	ours diff "$before" "$after" | head -n 60
	echo "generated files were not up to date; they are now, commit them" >&2
	exit 1
fi
