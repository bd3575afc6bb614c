#!/usr/bin/env bash
# Each system call of jl-dedupe, jl-augment and senior-cache fails once, one after another: never a crash, never a wrong or
# silently short output with status 0, never a file under its final name that is not whole.
# shellcheck source=tests/fault/strike.bash
. "$(dirname "$0")/strike.bash"

faults='read:EIO read:EINTR read:short write:ENOSPC write:EINTR write:short fsync:EIO close:EIO rename:EACCES open:EMFILE
 pipe:EMFILE spawn:EAGAIN mmap:ENOMEM'
for fault in $faults; do
    every_scene "${fault%:*}" "${fault#*:}"
done
done_testing
