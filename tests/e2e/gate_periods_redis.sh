#!/usr/bin/env bash
# A period that ends, alerts and the breaker, with a ledger in a Redis server.
# shellcheck source=tests/e2e/gate_periods.bash
. "$(dirname "$0")/gate_periods.bash" redis
