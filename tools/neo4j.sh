#!/bin/sh
# A real Neo4j for development and tests, without Docker:  tools/neo4j.sh start | stop | status | env
#
# Everything lies under .neo4j/ (or NEO4J_DIR). It listens on loopback only, at NEO4J_PORT or a free port. The
# password is NEO4J_PASSWORD, or a random one in an owner-only file. `env` prints the lines that let other programs
# find it. A server that runs already is used as it is. Needs Java 17 or later and Maven: installed with apt where we
# are root on Debian, otherwise the one line that does it is printed and we fail.
set -eu
umask 077
here=$(cd "$(dirname "$0")/.." && pwd)
dir=${NEO4J_DIR:-$here/.neo4j}
lib=$here/.neo4j/lib
started_s=90

fail() { echo "neo4j: $*" >&2; exit 1; }
setting() { sed -n "s/^$1=//p" "$dir/server.env" 2>/dev/null; }

running() {
    pid=$(setting PID)
    [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null || return 1
    # The number may belong to another program by now: ours names its home on the command line.
    tr '\0' '\n' <"/proc/$pid/cmdline" 2>/dev/null | grep -qxF -- "--home-dir=$dir" ||
        ps -o args= -p "$pid" 2>/dev/null | grep -qF -- "--home-dir=$dir"
}

java_version() { "$1" -version 2>&1 | sed -n 's/^[^"]*version "\([0-9]*\).*/\1/p'; }

need_java_and_maven() {
    java=${JAVA_HOME:+$JAVA_HOME/bin/}java
    if [ "$(java_version "$java" 2>/dev/null || echo 0)" -ge 17 ] 2>/dev/null && { [ -d "$lib" ] || command -v mvn >/dev/null; }; then
        return
    fi
    line="apt-get install -y --no-install-recommends openjdk-17-jre-headless maven"
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || fail "Java 17 or Maven is missing; install them with: sudo $line"
    echo "neo4j: installing Java 17 and Maven" >&2
    (umask 022 && apt-get update -qq && DEBIAN_FRONTEND=noninteractive $line) >"$dir/apt.log" 2>&1 || fail "apt failed: see $dir/apt.log"
    java=java
}

need_jars() {
    [ -f "$lib/.complete" ] && [ "$lib/.complete" -nt "$here/pom.xml" ] && return
    echo "neo4j: fetching the server from Maven Central (once)" >&2
    rm -rf "$lib"
    mvn -q -B -f "$here/pom.xml" dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$lib" \
        >"$dir/mvn.log" 2>&1 || fail "Maven failed: see $dir/mvn.log"
    touch "$lib/.complete"
}

free_port() {
    python=$(command -v python3 || echo "$here/.venv/bin/python")
    "$python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

configure() {
    mkdir -p "$dir/conf" "$dir/logs" "$dir/data" "$dir/import" "$dir/run"
    cat >"$dir/conf/neo4j.conf" <<EOF
server.default_listen_address=127.0.0.1
server.bolt.listen_address=127.0.0.1:$port
server.http.enabled=false
server.https.enabled=false
dbms.usage_report.enabled=false
dbms.security.allow_csv_import_from_file_urls=false
server.memory.heap.max_size=1g
server.memory.pagecache.size=256m
db.transaction.monitor.check.interval=500ms
EOF
}

set_password() {
    if [ -n "${NEO4J_PASSWORD:-}" ]; then
        password=$NEO4J_PASSWORD
    elif [ -s "$dir/password" ]; then
        password=$(cat "$dir/password")
    else
        password=$(od -An -N18 -tx1 /dev/urandom | tr -d ' \n')
    fi
    [ "${#password}" -ge 8 ] || fail "NEO4J_PASSWORD needs at least 8 characters"
    # The first start fixes the password in the data. These are test data: a changed password begins anew.
    if [ -d "$dir/data/databases" ] && [ "$(cat "$dir/password" 2>/dev/null)" != "$password" ]; then
        rm -rf "$dir/data"
    fi
    printf %s "$password" >"$dir/password"
    [ -d "$dir/data/dbms" ] || NEO4J_HOME=$dir NEO4J_CONF=$dir/conf "$java" -cp "$lib/*" org.neo4j.cli.AdminTool \
        dbms set-initial-password "$password" >"$dir/logs/admin.log" 2>&1 || fail "no password could be set: see $dir/logs/admin.log"
}

answers() {  # a whole Bolt handshake, not only an open port: the server answers with the version it speaks
    python=$(command -v python3 || echo "$here/.venv/bin/python")
    "$python" - "$1" <<'EOF' 2>/dev/null
import socket, sys
with socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=1) as s:
    s.settimeout(2)
    s.sendall(bytes.fromhex("6060b017" "00000405" "00000000" "00000000" "00000000"))
    sys.exit(s.recv(4) in (b"", b"\0\0\0\0"))
EOF
}

start() {
    mkdir -p "$dir"
    if running && answers "$(setting PORT)"; then
        echo "neo4j: runs already at bolt://127.0.0.1:$(setting PORT)" >&2
        return
    fi
    stop_server
    need_java_and_maven
    need_jars
    port=${NEO4J_PORT:-$(free_port)}
    if answers "$port"; then fail "port $port is taken by another program: set NEO4J_PORT to a free one"; fi
    configure
    set_password
    # In a session of its own, so that no Ctrl-C meant for a test run ends it. setsid is part of util-linux.
    detach=$(command -v setsid || echo nohup)
    $detach "$java" -Xmx1g -XX:+UseG1GC --add-opens=java.base/java.nio=ALL-UNNAMED \
        --add-opens=java.base/sun.nio.ch=ALL-UNNAMED -cp "$lib/*" org.neo4j.server.CommunityEntryPoint \
        "--home-dir=$dir" "--config-dir=$dir/conf" </dev/null >"$dir/logs/console.log" 2>&1 &
    pid=$!
    printf 'PID=%s\nPORT=%s\n' "$pid" "$port" >"$dir/server.env"
    waited=0
    until answers "$port"; do
        kill -0 "$pid" 2>/dev/null || fail "it ended while starting: see $dir/logs/console.log and $dir/logs/neo4j.log"
        [ "$waited" -lt "$started_s" ] || fail "it was not ready after $started_s s: see $dir/logs/neo4j.log"
        sleep 1
        waited=$((waited + 1))
    done
    echo "neo4j: ready at bolt://127.0.0.1:$port (user neo4j, password in ${dir#"$here"/}/password)" >&2
}

stop_server() {
    if running; then
        kill "$pid"
        waited=0
        while kill -0 "$pid" 2>/dev/null && [ "$waited" -lt 30 ]; do
            sleep 0.5
            waited=$((waited + 1))
        done
        kill -9 "$pid" 2>/dev/null || true
        echo "neo4j: stopped" >&2
    fi
    rm -f "$dir/server.env"
}

case ${1:-} in
start) start ;;
stop) stop_server ;;
status)
    if running && answers "$(setting PORT)"; then
        echo "neo4j: runs at bolt://127.0.0.1:$(setting PORT)"
    else
        echo "neo4j: does not run"
        exit 3
    fi
    ;;
env)
    running || fail "it does not run: tools/neo4j.sh start"
    printf 'NEO4J_URI=bolt://127.0.0.1:%s\nNEO4J_USER=neo4j\nNEO4J_PASSWORD=%s\n' "$(setting PORT)" "$(cat "$dir/password")"
    ;;
*)
    echo "usage: tools/neo4j.sh start | stop | status | env" >&2
    exit 2
    ;;
esac
