# make run        serve over SoftHSM2 on localhost:8443, everything under .local; what is missing is installed through apt
# make test       all tests; what they need, PostgreSQL too, is installed through apt
# make bench      the service beside its floor on this machine, a report in target/bench; ONLY=burst runs one measure
# make setup      only install what the two need
# make release    the optimised programs, target/release/keyferryd and target/release/keyferry
# make clean      remove what was built; .local, with the keys of `make run`, stays

.PHONY: run test bench setup release clean

run:
	@.ci/setup run
	cargo build --locked --bins
	@exec "$${CARGO_TARGET_DIR:-target}/debug/keyferryd" dev

test:
	@.ci/setup test
	cargo test --locked --features failpoints

bench:
	@.ci/setup test
	cargo bench --locked --bench bench -- $(ONLY)

setup:
	@.ci/setup test

release:
	@.ci/setup build
	cargo build --locked --release --bins

clean:
	cargo clean
