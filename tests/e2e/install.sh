#!/usr/bin/env bash
# What `make install` puts in place works from there, and `make uninstall` takes all of it away.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
unset MAKEFLAGS MFLAGS MAKELEVEL

root=$tmp/root prefix=/opt/job-line
make_it() { make -C "$top" --no-print-directory -s BUILD="$BUILD" PREFIX="$prefix" DESTDIR="$root" "$@"; }

mkdir -p "$root$prefix/bin" "$root$prefix/share/jobline"
echo "somebody else's" >"$root$prefix/bin/other"
echo "somebody else's" >"$root$prefix/share/jobline/other"
check "make install" make_it install

PATH=$root$prefix/bin:/usr/bin:/bin
programs=0
for name in $(make_it commands); do
    programs=$((programs + 1))
    is "$(command -v "$name")" "$root$prefix/bin/$name" "$name is installed"
    check "$name runs from there" "$name" --version
    check "$name has its manual page" test -s "$root$prefix/share/man/man1/$name.1"
    check "$name has its completion for bash" test -s "$root$prefix/share/bash-completion/completions/$name"
    check "$name has its completion for zsh" test -s "$root$prefix/share/zsh/site-functions/_$name"
    check "$name has its completion for fish" test -s "$root$prefix/share/fish/vendor_completions.d/$name.fish"
done
check "there are programs, and scripts among them" test "$programs" -ge 6
check "jobline(7) is installed" test -s "$root$prefix/share/man/man7/jobline.7"

sample=$root$prefix/share/jobline/sample.jsonl
start_server senior-model senior-model -l 127.0.0.1:0
set -o pipefail
senior-cache get "$sample" | senior-grpc -s "$SERVER" | senior-cache put >out.jsonl
is "$?" 0 "the plain pipe runs on the installed sample"
is "$("$PYTHON" "$top/tests/tools/oracle.py" splice "$sample" out.jsonl 2>&1)" "200 60" "every line has its answer"

senior-s3 -s "$SERVER" "$sample" "$tmp/whole.jsonl" >manifest
is "$? $(jq -r .lines manifest)" "0 200" "a script finds its programs and its own parts"

check "what the scripts need is installed" "$top/scripts/install-deps" --production

check "make uninstall" make_it uninstall
is "$(cd "$root" && find . -type f | sort | tr '\n' ' ')" ".$prefix/bin/other .$prefix/share/jobline/other " \
    "nothing is left but what was there before"
done_testing
