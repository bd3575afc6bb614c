#!/usr/bin/env bash
# SQLite and hiredis are loaded when a store of theirs is opened: nothing else needs them, and their absence is told.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

printf '{"company":"a","title":"b"}\n' >in.jsonl

for program in jl-dedupe jl-augment senior-cache; do
    readelf -d "$BUILD/bin/$program" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' |
        grep -vE '^(libc|libm|libdl|libpthread|libxxhash|ld-linux[^.]*|libasan|libubsan|libgcc_s)\.so' >needed
    is "$(<needed)" '' "$program links no library but libc and xxhash"
done

is "$(readelf -d "$BUILD/bin/senior-grpc" | grep -cE 'NEEDED.*(sqlite|hiredis)')" 0 "senior-grpc links neither, either"

# A folder that comes first where libraries are searched, with files in place of those libraries.
soname() { # LIBRARY: as the program knows it
    grep -aoE "$1\.so[.0-9]*" "$BUILD/bin/jl-dedupe" | head -n 1
}
sqlite=$(soname libsqlite3) hiredis=$(soname libhiredis)
mkdir no-sqlite no-hiredis poor-sqlite
echo 'no library' | tee "no-sqlite/$sqlite" >"no-hiredis/$hiredis"
check "a library without any call" "${CC:-cc}" -shared -nostartfiles -x c /dev/null -o "poor-sqlite/$sqlite"

refused() { # FOLDER WHAT-IS-SAID COMMAND [ARG...]
    local folder=$1 said=$2
    shift 2
    expect 64 "status 64 with $folder: $*" env LD_LIBRARY_PATH="$folder" "$@" <in.jsonl >out
    has "$tmp/err" "$said" "it says why and what to install"
    is "$(wc -c <out)" 0 "nothing is written"
}

refused no-sqlite "jl-dedupe: SQLite cannot be used (no-sqlite/$sqlite: " jl-dedupe --seen=sqlite:seen.db
has "$tmp/err" ": install $sqlite (Debian's package libsqlite3-" "it says what to install"
refused poor-sqlite "SQLite cannot be used (it has no sqlite3_" jl-dedupe --seen=sqlite:seen.db
refused no-sqlite "senior-cache: SQLite cannot be used (" senior-cache
refused no-sqlite "senior-cache: SQLite cannot be used (" senior-cache fill cat
refused no-hiredis ": install $hiredis (Debian's package libhiredis" jl-dedupe --seen=redis://127.0.0.1:1/0
refused no-hiredis "senior-cache: hiredis cannot be used (" senior-cache -C redis+unix:///nowhere put
refused no-hiredis "senior-grpc: hiredis cannot be used (" senior-grpc -s 127.0.0.1:1 --pace=redis://127.0.0.1:1/0
refused no-sqlite "senior-grpc: SQLite cannot be used (" senior-grpc -s 127.0.0.1:1 --pace=sqlite:pace.db
check "no file is left behind" test ! -e seen.db

unmoved() { # FOLDER COMMAND [ARG...]: works without the library, and with the same output
    local folder=$1
    shift
    "$@" <in.jsonl >wanted 2>&1
    expect 0 "works with $folder: $*" env LD_LIBRARY_PATH="$folder" "$@" <in.jsonl >out
    same out wanted "and writes the same"
}
start_redis || exit
mkdir neither
cp no-sqlite/* no-hiredis/* neither
unmoved neither jl-dedupe
unmoved neither jl-dedupe --version
unmoved neither senior-cache --version
unmoved neither senior-grpc --dry-run
unmoved no-sqlite senior-cache -C "$REDIS_URL"
unmoved no-hiredis senior-cache -C sqlite:answers.db
has <(jl-dedupe --version) "sqlite 3." "--version names SQLite's version"
has <(jl-dedupe --version) "hiredis " "--version names hiredis's version"
done_testing
