#!/bin/sh
# Runs a command beside a real Neo4j:  tools/with-neo4j.sh CMD…
#
# Where NEO4J_URI is set, that server is used and left alone. Else one is started, or the one that runs already is
# used, and what was started here is stopped again. Gives the command's own exit code; no Neo4j is a failure.
set -eu
tools=$(cd "$(dirname "$0")" && pwd)
[ $# -gt 0 ] || { echo "usage: tools/with-neo4j.sh CMD…" >&2; exit 2; }
if [ -n "${NEO4J_URI:-}" ]; then
    exec "$@"
fi
ours=yes
if sh "$tools/neo4j.sh" status >/dev/null 2>&1; then ours=no; fi
leave() { if [ "$ours" = yes ]; then sh "$tools/neo4j.sh" stop; fi; }
trap leave EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
sh "$tools/neo4j.sh" start
for line in $(sh "$tools/neo4j.sh" env); do export "${line?}"; done
code=0
"$@" || code=$?
exit "$code"
