//! The token layer against SoftHSM2: what it is found able to do, and what it must refuse.

use keyferry::hsm::{Error, Hsm, Import, Proved};
use keyferry::model::{
    HostAssisted, KeySpec, KeyUsage, MaterialKind, ObjectId, PairUse, UnwrapPath, WrappingAlgorithm, WrappingKeySpec,
};

use crate::harness::inprocess;

#[tokio::test]
async fn softhsm_serves_every_cell_by_the_least_exposing_path_that_works() {
    let hsm = inprocess::open("profile", HostAssisted::Material);
    let profile = hsm.profile();
    for ((key, algorithm), route) in &profile.routes {
        println!("{key} {algorithm}: {:?} {} {:?}", route.path, route.reason, route.took);
    }
    println!("{:?} {:?}", profile.key_wrap, profile.took);
    for ((key, algorithm), route) in &profile.routes {
        let expected = match algorithm {
            WrappingAlgorithm::RsaesOaepSha1 => UnwrapPath::Direct,
            WrappingAlgorithm::RsaesOaepSha256 => UnwrapPath::HostMaterial,
            WrappingAlgorithm::RsaAesKeyWrapSha1 => UnwrapPath::TwoStep,
            _ => UnwrapPath::HostKek,
        };
        assert_eq!(route.path, Some(expected), "{key} {algorithm} {}", route.reason);
    }
    assert_eq!(profile.key_wrap, Some(0x210A));
}
