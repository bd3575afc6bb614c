# shellcheck shell=sh disable=SC2034,SC2154 # what the scripts give and what they take
# Backups of a cache: what they are called and which of them count.
#
#   PREFIX MODEL/20261122T030000Z.jsonl.zst      the entries of a model; MODEL percent-encoded
#   PREFIX rdb/20261122T030000Z.rdb.zst          all that a Redis holds
#   the same name + .manifest                    once it has been restored and compared: an object without one does not count
#
# Names sort by time. A manifest is written last and removed first, so whatever dies in between, what counts is whole. It names
# its object, so that it counts beside no other.

# The options that say which cache.
cache_options() {
    chain_options | grep -E '\|(cache|model)\|'
    cat <<'END'
 |scale|MIN-MAX|text|||the integers that are answers [1-7]
END
}

backup_folder() { # PREFIX MODEL -> $folder
    folder=$1$(printf '%s' "$2" | jq -sRr '@uri | if startswith(".") then "%2E" + .[1:] else . end')/
}

# All names of backups in $folder, oldest first, go to $tmp/names, those that count to $tmp/counted.
list_backups() { # KIND: jsonl or rdb
    list "$folder" "$tmp/listed" || return
    cut -f 3 "$tmp/listed" | LC_ALL=C sort | LC_ALL=C grep -E "^[0-9]{8}T[0-9]{6}Z[.]$1[.]zst([.]manifest)?\$" >"$tmp/objects"
    sed 's/[.]manifest$//' "$tmp/objects" | uniq >"$tmp/names"
    sed 's/[.]manifest$//' "$tmp/objects" | uniq -d >"$tmp/counted"
}

# Checks a file against the manifest that stands beside its object.
agrees() { # FILE MANIFEST NAME: 65 and $why when it does not
    jq -e '(.backup == "export" or .backup == "rdb") and (.entries | type == "number") and (.bytes | type == "number") and
        (.sha256 | type == "string") and (.model | type == "string")' "$2" >/dev/null 2>&1 || {
        why="$3.manifest is no manifest of a backup"
        return 65
    }
    [ "$(jq -r '.name' "$2")" = "$3" ] || {
        why="$3.manifest belongs to another backup: $(jq -r '.name' "$2")"
        return 65
    }
    size_of "$1"
    [ "$size" = "$(jq -r '.bytes' "$2")" ] || {
        why="$3 has $size bytes, its manifest says $(jq -r '.bytes' "$2")"
        return 65
    }
    sha256=$(sha256sum <"$1") || return 74
    sha256=${sha256%% *}
    [ "$sha256" = "$(jq -r '.sha256' "$2")" ] || {
        why="$3 is not the file that its manifest describes: the SHA-256 differs"
        return 65
    }
}

unzstd_to() { # FILE OUT
    run zstd -qdf "$1" -o "$2" 2>"$tmp/why" && return
    reason "$tmp/why"
    why="zstd: $why"
    return 65
}

# The totals in the last line of an export.
read_totals() { # FILE -> $entries, $buckets, $lines
    lines=$(wc -l <"$1") && lines=$((lines))
    # shellcheck disable=SC2046 # two numbers
    set -- $(tail -n 1 "$1" | jq -r 'select(.end == true) | .entries, .buckets' 2>/dev/null)
    entries=${1-} buckets=${2-}
    [ $# = 2 ] && [ "$lines" = $((buckets + 2)) ] && return
    why="this is no whole export of a cache: its end is missing"
    return 65
}

# What senior-cache stat says about a cache and a model: words for `eval` -> $entries, $generation.
read_stat() { # WORDS
    # $tmp holds no quote
    eval "run senior-cache --quiet $1 stat --json" >"$tmp/stat" || return
    entries=$(jq -r '.entries' "$tmp/stat") && generation=$(jq -r '.generation' "$tmp/stat")
}

check_rdb() { # FILE
    run redis-check-rdb "$1" >"$tmp/rdb.out" 2>&1 && return
    why="redis-check-rdb refuses it: $(grep -vE '^ *$|info' "$tmp/rdb.out" | tail -n 1)"
    return 65
}
