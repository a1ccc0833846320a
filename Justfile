# Everyday recipes. `npx just` lists them; `just` itself comes with the packages (rust-just).

[private]
default:
    @just --list

# Install, generate, compile: only what is due.
setup:
    @node scripts/setup.mjs

# A box on this computer with a first call through it; hardware simulated.
dev: setup
    @node bin/tatebako.mjs demo

# One call through the box, then the end.
demo *arguments: setup
    @node bin/tatebako.mjs demo --once {{arguments}}

# Format, lint, dependency rules, types.
check:
    @node scripts/test.mjs check

# Everything that `npm test` runs; or parts: `just test unit`, `just test check peers`.
test *parts:
    @node scripts/test.mjs {{parts}}

# Install the real peers of the tests (Debian, as root) and run the tests against them.
peers:
    @node scripts/test.mjs peers

# Put the sources into the house's form.
format:
    @node_modules/.bin/prettier --write --log-level=warn .

# The parser against grammar and mutation, longer than `npm test` does: `just fuzz 600 42` (seconds, seed).
fuzz seconds="60" seed="1": setup
    @node dist/agent/sip/testing/fuzz-main.js {{seconds}} {{seed}}

# Measurements with tables: `just bench`, or one: `just bench relay-bench --calls 8`.
bench name="all" *arguments: setup
    @if [ "{{name}}" = all ]; then for one in relay-bench sip-bench load-bench analyse-bench alert-latency; do node dist/bench/$one.js || exit 1; done; else node dist/bench/{{name}}.js {{arguments}}; fi

# A call of six hours on a virtual clock, and twenty minutes in real time.
soak *arguments: setup
    @node dist/bench/soak.js {{arguments}}

# The reference pages in docs/, from the schemas.
docs: setup
    @node scripts/docs.mjs
