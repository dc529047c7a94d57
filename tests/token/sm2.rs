//! What SM2 encrypted, at the token layer.

use keyferry::hsm::{Error, Import};
use keyferry::model::{KeySpec, KeyUsage, ObjectId, UnwrapPath, WrappingAlgorithm};
use keyferry::wrap;

use super::{Pairs, openssl_key};

#[tokio::test]
async fn what_sm2_encrypted_comes_in_by_its_own_path_and_algorithm_alone() {
    let pairs = Pairs::make("sm2 alone").await;
    let (wrapping_key, spki) = &pairs.derive;
    let material = openssl_key("-algorithm EC -pkeyopt ec_paramgen_curve:P-256");
    let came_in = async |algorithm, path| {
        let import = Import {
            wrapping_key: *wrapping_key,
            spki: spki.clone(),
            algorithm,
            path,
            ciphertext: wrap::wrap(spki, WrappingAlgorithm::Sm2pke, &material).unwrap(),
            kind: KeySpec::EccNistP256.material().unwrap(),
            usage: KeyUsage::SignVerify,
            object: ObjectId::random(),
        };
        pairs.hsm.call(move |token| token.import(&import, |_| Ok::<(), ()>(()))).await
    };
    for path in UnwrapPath::ALL.iter().copied() {
        let served = came_in(WrappingAlgorithm::Sm2pke, path).await;
        match path {
            UnwrapPath::HostSm2 => assert!(served.is_ok(), "{served:?}"),
            _ => assert!(matches!(served, Err(Error::Rejected)), "{path}: {served:?}"),
        }
    }
    let withdrawn = came_in(WrappingAlgorithm::RsaesPkcs1V15, UnwrapPath::HostSm2).await;
    assert!(matches!(withdrawn, Err(Error::Rejected)), "{withdrawn:?}");
}
