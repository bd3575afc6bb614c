# shellcheck shell=sh disable=SC2034,SC2154 # what the scripts give and what they take
# Objects: s3://BUCKET/KEY through the aws command, or local files, each whole or not at all.
#
# Functions return 0 or a status of jobline(7), and then have the reason in $why. They need $tmp (private_folder). Keys travel in
# lists form-urlencoded, as S3's events have them: then a list has one object a line, whatever its name is. S3, and each version
# of jq, encode other characters than the next; in lists of this file all names have one form, so that they can be compared.

one_form="s/+/%20/g;s/!/%21/g;s/'/%27/g;s/(/%28/g;s/)/%29/g;s/[*]/%2A/g;s/%7E/~/g;s/%2F/\//g" # for sed
TRIES=4 # of a transfer that broke off; the aws command repeats requests that failed by itself

export AWS_PAGER=''

or_die() { # COMMAND [ARG...]: one of these functions has to succeed
    "$@" || die $? "$why"
}

reason() { # FILE -> $why: what a command has said, in one line
    why=$(tr -s '\n' ' ' <"$1" | sed 's/^ *//;s/ *$//')
}

is_s3() { # PLACE
    case $1 in s3://*) ;; *) return 1 ;; esac
}

# A key that reads like the place of a file or a page is refused: the aws command would take what stands there for the key.
split_s3() { # s3://BUCKET/KEY -> $bucket, $key
    bucket=${1#s3://}
    case $bucket in
    */*) key=${bucket#*/} bucket=${bucket%%/*} ;;
    *) key='' ;;
    esac
    [ -n "$bucket" ] || die 64 "$1: s3://BUCKET/KEY was expected"
    case $key in
    file://* | fileb://* | http://* | https://*)
        why="$1: the aws command cannot be given this key"
        return 65
        ;;
    esac
}

# The aws command with its output in FILE. Older ones do not know the variables of the endpoint.
aws_to() { # FILE SERVICE ARG...
    aws_out=$1
    shift
    case $1 in
    s3 | s3api) endpoint=${AWS_ENDPOINT_URL_S3:-${AWS_ENDPOINT_URL-}} ;;
    sqs) endpoint=${AWS_ENDPOINT_URL_SQS:-${AWS_ENDPOINT_URL-}} ;;
    esac
    [ -z "$endpoint" ] || set -- --endpoint-url "$endpoint" "$@"
    run aws "$@" >"$aws_out" 2>"$tmp/aws.err" && return 0
    aws_status=$?
    reason "$tmp/aws.err"
    why="aws: ${why:-ended with status $aws_status}"
    # A name may read like an error: only what stands behind it counts.
    said=$why
    [ -z "${key-}" ] || said=${why##*"s3://$bucket/$key"}
    case $(printf '%s\n' "$said" | sed -n 's/.*An error occurred (\([^()]*\)) when calling.*/\1/p') in
    NoSuchBucket | *NonExistentQueue | *QueueDoesNotExist) return 78 ;;
    NoSuchKey | 404) return 66 ;;
    403 | *AccessDenied* | Forbidden | ExpiredToken* | Invalid*Token* | InvalidAccessKeyId | SignatureDoesNotMatch | \
        UnrecognizedClient* | AuthFailure) return 77 ;;
    ?*) return 69 ;;
    esac
    case $said in
    *'locate credentials'* | *'Token has expired'* | *'Error loading SSO'*) return 77 ;;
    *'No space left'* | *'File too large'*) return 74 ;;
    *'specify a region'* | *'config profile'*) return 78 ;;
    esac
    case $aws_status in
    252 | 2) return 70 ;;
    253) return 78 ;;
    *) return 69 ;;
    esac
}

# Repeats a transfer that broke off.
persist() { # COMMAND [ARG...]
    try=1
    until "$@"; do
        failed=$?
        if [ "$failed" != 69 ] || [ "$try" -ge $TRIES ]; then return "$failed"; fi
        info "$why; again in $try s"
        run sleep "$try"
        try=$((try + 1))
    done
}

size_of() { # FILE -> $size
    size=$(wc -c <"$1") && size=$((size))
}

# What tells one version of an object from another one.
local_etag() { # FILE -> $etag
    etag=$(cksum <"$1" | tr ' ' -)
}

get_s3() { # s3://… FILE -> $size, $etag
    split_s3 "$1" || return
    rm -f -- "$2"
    aws_to "$tmp/got.json" s3api get-object --bucket="$bucket" --key="$key" "$2" --output=json || return
    size_of "$2"
    etag=$(jq -r '.ETag | gsub("\""; "")' "$tmp/got.json")
    promised=$(jq -r '.ContentLength' "$tmp/got.json")
    [ "$size" = "$promised" ] && return
    why="$1: $size of $promised bytes came"
    return 69
}

# Copies an object into a new file.
fetch() { # PLACE FILE -> $size, $etag
    if is_s3 "$1"; then
        persist get_s3 "$1" "$2"
        return
    fi
    if [ ! -f "$1" ] || [ ! -r "$1" ]; then
        why="$1: no such file, or not readable"
        return 66
    fi
    if ! run cp -- "$1" "$2" 2>"$tmp/why"; then
        reason "$tmp/why"
        return 74
    fi
    size_of "$2"
    local_etag "$2"
}

# The version and the size of an object, without its bytes.
look() { # PLACE -> $size, $etag
    if is_s3 "$1"; then
        split_s3 "$1" || return
        aws_to "$tmp/head.json" s3api head-object --bucket="$bucket" --key="$key" --output=json || return
        size=$(jq -r '.ContentLength' "$tmp/head.json")
        etag=$(jq -r '.ETag | gsub("\""; "")' "$tmp/head.json")
    elif [ -f "$1" ]; then
        size_of "$1"
        local_etag "$1"
    else
        why="$1: no such file"
        return 66
    fi
}

put_s3() { # FILE s3://…
    aws_to "$tmp/put.out" s3 cp --only-show-errors "$1" "$2"
}

# Puts a finished file in its place, at once and as a whole; it replaces what is there.
store() { # FILE PLACE
    if is_s3 "$2"; then
        persist put_s3 "$1" "$2"
        return
    fi
    if mkdir -p -- "$(dirname -- "$2")" 2>"$tmp/why" && cp -- "$1" "$2.partial.$$" 2>"$tmp/why" &&
        sync -- "$2.partial.$$" 2>"$tmp/why" && mv -- "$2.partial.$$" "$2" 2>"$tmp/why"; then return 0; fi
    rm -f -- "$2.partial.$$"
    reason "$tmp/why"
    return 73
}

# Removes an object; one that is not there is removed already.
discard() { # PLACE
    if is_s3 "$1"; then
        split_s3 "$1" || return
        aws_to "$tmp/rm.out" s3api delete-object --bucket="$bucket" --key="$key"
    else
        rm -f -- "$1" 2>"$tmp/why" && return
        reason "$tmp/why"
        return 74
    fi
}

# One line for each object whose name begins with the prefix (the part behind the last '/' may be the beginning of a name):
# time, size, the name behind the prefix; tabs between. A prefix without objects gives an empty list. With $list_more=1 the storage
# class and the version follow (STANDARD and - for files).
list() { # PREFIX FILE [AFTER]: AFTER = only names that come behind PREFIX + AFTER
    if is_s3 "$1"; then
        split_s3 "$1" || return
        set -- "$1" "$2" "${3:+--start-after=$key$3}"
        aws_to "$tmp/list" s3api list-objects-v2 --bucket="$bucket" --prefix="$key" ${3:+"$3"} --encoding-type=url \
            --output=text --query='Contents[].[LastModified,Size,Key,StorageClass,ETag]' || return
        prefix=$(encode "$key")
        sed "$one_form" "$tmp/list" | awk -F '\t' -v OFS='\t' -v prefix="$prefix" -v more="${list_more-}" 'NF == 5 && index($3, prefix) == 1 {
            gsub(/"/, "", $5)
            print substr($1, 1, 19) "Z", $2, substr($3, length(prefix) + 1) (more ? OFS $4 OFS $5 : "") }' >"$2"
    else
        folder=${1%"${1##*/}"}
        : >"$2"
        [ -d "${folder:-.}" ] || return 0
        TZ=UTC find "${folder:-.}" -type f ! -name '*.partial.*' -printf '%TY-%Tm-%TdT%TH:%TM:%.2TSZ\t%s\t%P\n' |
            jq -rR --arg begin "${1##*/}" --arg after "${3-}" --arg more "${list_more:+${tab}STANDARD$tab-}" 'split("\t") | (.[2:] | join("\t")) as $name |
                select($name | startswith($begin)) | ($name[($begin | length):]) as $rest | select($rest > $after) |
                "\(.[0])\t\(.[1])\t\($rest | @uri)\($more)"' | sed "$one_form" >"$2"
    fi
}

encode() { # TEXT: form-urlencoded in the form of lists, to stdout
    printf '%s' "$1" | jq -sRr @uri | sed "$one_form"
}

decode() { # FORM-URLENCODED -> $decoded
    case $1 in
    *[%+\\]*)
        decoded=$(printf '%b_' "$(printf '%s\n' "$1" | awk '
            BEGIN { digits = "0123456789abcdef" }
            { gsub(/\\/, "\\\\"); gsub(/\+/, " "); text = ""
              while ((at = index($0, "%")) > 0) {
                  code = (index(digits, tolower(substr($0, at + 1, 1))) - 1) * 16 + index(digits, tolower(substr($0, at + 2, 1))) - 1
                  text = text substr($0, 1, at - 1) sprintf("\\0%03o", code); $0 = substr($0, at + 3)
              }
              print text $0 }')")
        decoded=${decoded%_}
        ;;
    *) decoded=$1 ;;
    esac
}
