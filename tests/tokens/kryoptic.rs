//! Kryoptic: everything inside the token, OAEP with SHA-256 included, and a PIN that locks.

use keyferry::model::{KeySpec, WrappingAlgorithm, WrappingKeySpec};
use keyferry::proto as pb;

use crate::harness::any_token::Make;
use crate::harness::client::import_request;
use crate::harness::material::Wrapper;
use crate::harness::{Daemon, Installation, Plaintext, Settings, softhsm};
use crate::matrix::{self, cells};

/// Nothing may cross the host: its raw RSA does not serve, and need not.
fn settings() -> Settings {
    Settings { make: Make::Kryoptic, host_assisted: "none", ..Settings::default() }
}

const KRYOPTIC: matrix::Token = matrix::Token {
    exposure: |_| pb::HostExposure::Token,
    // It has the curves of NIST only.
    lacks: &[KeySpec::EccSecgP256k1],
    wrapping_keys: &["UNWRAP"],
};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn kryoptic_serves_every_cell_but_those_of_secp256k1_inside_the_token() {
    let cells = cells::all();
    matrix::assert_imports(settings(), KRYOPTIC, cells).await;
}
