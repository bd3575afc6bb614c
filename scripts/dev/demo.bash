# shellcheck shell=bash disable=SC2034,SC2154 # what the demonstrations give and what they take
# What the demonstrations share: headings, the build, one server on loopback that ends with them. $demo is their folder, $shown the
# name of $BUILD for people.

bold='' faint='' plain=''
if [ -t 1 ] && [ -z "${NO_COLOR-}" ] && [ "${TERM:-dumb}" != dumb ]; then
    bold=$'\033[1m' faint=$'\033[2m' plain=$'\033[0m'
fi
say() { printf '%s%s%s\n' "$bold" "$*" "$plain"; }

prepare() { # [MAKE-TARGET...]: builds the programs, and these, and puts the programs in the path
    say "1. What it takes"
    scripts/install-deps --demo
    echo "Building (some ten seconds)"
    if ! make BUILD="$BUILD" -j"$(nproc 2>/dev/null || echo 2)" all "$@" >"$demo/build.log" 2>&1; then
        tail -n 30 "$demo/build.log" >&2
        echo "$me: the build failed; all of it is in ${demo#"$top"/}/build.log" >&2
        exit 70
    fi
    echo "Built under $shown/bin: $(cd "$BUILD/bin" && echo *)"
    PATH=$BUILD/bin:$PATH
}

server=''
# shellcheck disable=SC2317,SC2329 # called by the trap
cleanup() {
    [ -z "$server" ] || { kill "$server" && wait "$server"; } 2>/dev/null || :
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

serve() { # COMMAND [ARG...]: starts it, waits until it says that it is "listening on" $address
    : >"$demo/server.out"
    "$@" >>"$demo/server.out" 2>"$demo/server.err" &
    server=$!
    address=''
    for _ in {1..500}; do
        address=$(sed -n 's/.*listening on \([^ ]*:[0-9][0-9]*\).*/\1/p' "$demo/server.out" | head -n 1)
        [ -z "$address" ] || return 0
        kill -0 "$server" 2>/dev/null || break
        sleep 0.02
    done
    cat "$demo/server.err" >&2
    echo "$me: $1 did not start" >&2
    exit 69
}
