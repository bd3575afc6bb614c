# shellcheck shell=sh disable=SC2034,SC2154 # what the scripts give and what they take
# Where a file of postings comes from and where it goes: SRC_PREFIX + its name, DST_PREFIX + its name.

# What lies beside an output, or stands for a folder, is no file of postings.
NO_SOURCE='[.](manifest|rejects|attempts)$|/$|^$'

set_places() { # SRC_PREFIX DST_PREFIX [PAIRS_PREFIX] -> $from, $to
    from=$1 to=$2 apart=${3-}
    case $from:$to in :* | *:) die 64 "a prefix is empty: s3://BUCKET/PREFIX or a local one was expected" ;; esac
    [ "$from" != "$to" ] || die 64 "source and destination are the same: $from"
    case $from in "$to"*) die 64 "the sources, $from, are below the destination, $to" ;; esac
    case $apart in ?*) case $from in "$apart"*) die 64 "the sources, $from, are below the prefix of the pairs, $apart" ;; esac ;; esac
}

# Is this a file of postings, and not something that was made of one?
is_source() { # SRC
    case $1 in
    */ | *.manifest | *.rejects | *.attempts | "$to"* | "$from") return 1 ;;
    "${apart:-$to}"*) return 1 ;;
    esac
}

# Where the name behind the prefix, form-urlencoded, leads.
map() { # NAME -> $src, $dst
    decode "$1"
    src=$from$decoded dst=$to$decoded
}

# A list of objects below $from without those that are no sources.
only_sources() {
    inside='' inside_too=''
    case $to in "$from"*) inside=$(encode "${to#"$from"}") ;; esac
    case $apart in ?*) case $apart in "$from"*) inside_too=$(encode "${apart#"$from"}") ;; esac ;; esac
    LC_ALL=C awk -F '\t' -v never="$NO_SOURCE" -v inside="$inside" -v too="$inside_too" '
        $3 !~ never && (inside == "" || index($3, inside) != 1) && (too == "" || index($3, too) != 1)'
}
