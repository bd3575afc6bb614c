#!/usr/bin/env bash
# Each allocation of jl-dedupe, jl-augment and senior-cache fails once, one after another: never a crash, never a wrong or silently
# short output with status 0.
# shellcheck source=tests/fault/strike.bash
. "$(dirname "$0")/strike.bash"

every_scene malloc ENOMEM
done_testing
