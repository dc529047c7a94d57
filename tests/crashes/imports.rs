//! An import that is cut off: before it is settled it has not happened, and the very same request brings it about; after
//! that it has, and the very same request says so.

use keyferry::proto as pb;

use super::{After, Doing, FAILPOINT, killed, steps, symmetric};
use crate::harness::client::import_request;
use crate::harness::record::Record;
use crate::harness::token::Token;
use crate::harness::{Client, Daemon, Installation, Plaintext, Settings, audit, openssl, postgres};

/// An import that is about to be sent.
struct Import {
    key_id: String,
    material: Plaintext,
    request: pb::ImportKeyMaterialRequest,
    /// What any success answers, but for the receipt.
    answer: pb::ImportKeyMaterialResponse,
    /// The key before it.
    before: pb::KeyMetadata,
}

impl Import {
    /// Into a new key, or into one that has the material already.
    async fn prepare(client: &Client, again: bool) -> Self {
        let key = client.create_symmetric().await;
        let material = Plaintext::aes();
        if again {
            let set = client.some_parameters(&key.key_id).await;
            client.import(import_request(&set, material.wrap_simply(&set.public_key))).await.unwrap();
        }
        let set = client.some_parameters(&key.key_id).await;
        let request = import_request(&set, material.wrap_simply(&set.public_key));
        let fingerprint = material.fingerprint(&key.key_id);
        let answer = pb::ImportKeyMaterialResponse {
            key_id: key.arn,
            key_material_id: fingerprint.clone(),
            key_material_proof: Some(pb::KeyMaterialProof {
                fingerprint,
                key_check_value: material.kcv().unwrap(),
                public_key: Vec::new(),
                host_exposure: set.host_exposure,
            }),
            receipt: Vec::new(),
        };
        let before = client.describe(&key.key_id).await;
        Self { key_id: key.key_id, material, request, answer, before }
    }

    /// Sends it, once more perhaps; its answer, which is as expected but for the receipt, which differs from import to import.
    async fn repeat(&self, client: &Client, step: &str) -> pb::ImportKeyMaterialResponse {
        let answer = client.import(self.request.clone()).await.expect(step);
        assert!(!answer.receipt.is_empty(), "{step}");
        assert_eq!(pb::ImportKeyMaterialResponse { receipt: Vec::new(), ..answer.clone() }, self.answer, "{step}");
        answer
    }

    /// Checks that the key's one material encrypts as its owner's does.
    async fn assert_works(&self, installation: &Installation, step: &str) {
        let record = Record::read(installation).await;
        let object = record.object_of(&self.key_id);
        let encrypted = Token::open(&installation.token).encrypt_gcm(object, &[3; 12], b"a message").unwrap();
        let counter = [&[3; 12][..], &[0, 0, 0, 2]].concat().try_into().unwrap();
        let expected = openssl::aes_ctr(&self.material.bytes, &counter, b"a message");
        assert_eq!(encrypted[..expected.len()], expected, "{step}");
    }

    /// The CKA_ID of the key's material, if it has any.
    async fn object(&self, installation: &Installation) -> Option<String> {
        let record = Record::read(installation).await;
        record.materials.values().any(|key| *key == self.key_id).then(|| record.object_of(&self.key_id).to_owned())
    }
}

/// Kills an import at each step. Over PostgreSQL other replicas may be at work, so a start there leaves young claims alone.
async fn cut_off_at_each_step(settings: Settings, again: bool) {
    let replicated = settings.store_url.is_some();
    let daemon = Daemon::start(settings);
    let client = daemon.client().await;
    let mut imports = Vec::new();
    for (step, after) in steps(Doing::Import) {
        imports.push((step, after, Import::prepare(&client, again).await));
    }
    drop(client);
    let keys = symmetric(imports.iter().map(|(_, _, import)| &import.key_id));
    let mut claims = 0;
    // One start more, so that nothing is left to be destroyed before the step that is named.
    let mut installation = Daemon::serve(daemon.terminate(), &[]).terminate();
    for (step, after, import) in &imports {
        let before = import.object(&installation).await;
        assert_eq!(before.is_some(), again);
        let daemon = Daemon::serve(installation, &[(FAILPOINT, step)]);
        let client = daemon.client().await;
        let sent = client.import(import.request.clone()).await;
        // Destruction begins when the answer may be on its way.
        assert!(sent.is_err() || step.starts_with("destroy."), "{step}: {sent:?}");
        drop(client);
        installation = killed(daemon, step);
        audit::assert_no_orphans(&installation, step).await;

        let daemon = Daemon::serve(installation, &[]);
        let mut unsettled: Vec<_> = Record::read(&daemon.installation).await.unsettled.into_values().collect();
        if replicated {
            claims += usize::from(*after == After::Undone);
            // What was destroyed when the kill came is not found any more, which is no proof where others use the token.
            unsettled.retain(|what| what == "claimed");
            assert_eq!(unsettled, vec!["claimed"; claims], "{step}");
            audit::assert_no_orphans(&daemon.installation, step).await;
        } else {
            assert_eq!(unsettled, [""; 0], "{step}");
            audit::assert_sound(&daemon.installation, &keys).await;
        }
        let client = daemon.client().await;
        let described = client.describe(&import.key_id).await;
        let object = import.object(&daemon.installation).await;
        match after {
            After::Undone => {
                assert_eq!(described, import.before, "{step}");
                assert_eq!(object, before, "{step}");
            }
            After::Ready | After::Done => {
                assert_eq!(described.key_state(), pb::KeyState::Enabled, "{step}");
                assert!(object.is_some() && object != before, "{step}");
            }
        }
        if object.is_some() {
            import.assert_works(&daemon.installation, step).await;
        }
        // At once, and under the second of the two attempts that a set has in these tests: the one that was cut off counts.
        let first = import.repeat(&client, step).await;
        assert_eq!(import.repeat(&client, step).await, first, "{step}: the receipt is another");
        let described = client.describe(&import.key_id).await;
        assert_eq!(described.key_state(), pb::KeyState::Enabled, "{step}");
        assert_eq!(described.current_key_material_id, import.answer.key_material_id, "{step}");
        if *after == After::Done {
            assert_eq!(import.object(&daemon.installation).await, object, "{step}: it was done anew");
        }
        drop(client);
        installation = daemon.terminate();
    }
    installation = Daemon::serve(installation, &[]).terminate();
    if replicated {
        audit::assert_no_orphans(&installation, "claims wait").await;
        let mut unsettled: Vec<_> = Record::read(&installation).await.unsettled.into_values().collect();
        unsettled.retain(|what| what == "claimed");
        assert_eq!(unsettled, vec!["claimed"; claims]);
        Record::age_claims(&installation).await;
        installation = Daemon::serve(installation, &[]).terminate();
        // What is to be destroyed and is not there may be another replica's to see.
        let unsettled: Vec<_> = Record::read(&installation).await.unsettled.into_values().collect();
        assert!(!unsettled.is_empty() && unsettled.iter().all(|what| what == "doomed"), "{unsettled:?}");
        Record::age_all_that_is_under_way(&installation).await;
        installation = Daemon::serve(installation, &[]).terminate();
    }
    audit::assert_sound(&installation, &keys).await;
}

#[tokio::test]
async fn a_first_import_that_is_cut_off_has_happened_or_not() {
    // Two attempts a set: the one that is cut off, which counts, and one to repeat it.
    cut_off_at_each_step(Settings { max_attempts: 2, ..Settings::default() }, false).await;
}

#[tokio::test]
async fn a_reimport_that_is_cut_off_leaves_the_old_material_or_the_new() {
    cut_off_at_each_step(Settings { max_attempts: 2, ..Settings::default() }, true).await;
}

#[tokio::test]
async fn over_postgresql_the_claim_of_an_import_that_is_cut_off_waits_and_is_in_nobodys_way() {
    let store_url = Some(postgres::database().await);
    // The claim that waits has one of them.
    cut_off_at_each_step(Settings { max_attempts: 2, store_url, ..Settings::default() }, false).await;
}

#[tokio::test]
async fn a_start_that_is_cut_off_is_made_good_by_the_next() {
    for (step, _) in steps(Doing::Recover) {
        let daemon = Daemon::start(Settings { max_attempts: 2, ..Settings::default() });
        let client = daemon.client().await;
        let import = Import::prepare(&client, false).await;
        drop(client);
        // What lies on the token unsettled is for the next start to destroy, and that is killed too.
        let daemon = Daemon::serve(daemon.terminate(), &[(FAILPOINT, "import.kept")]);
        daemon.client().await.import(import.request.clone()).await.unwrap_err();
        let installation = killed(daemon, "import.kept");
        let installation = killed(Daemon::begin(installation, &[(FAILPOINT, step)]), step);
        audit::assert_no_orphans(&installation, step).await;

        let daemon = Daemon::serve(installation, &[]);
        audit::assert_sound(&daemon.installation, &symmetric([&import.key_id])).await;
        let client = daemon.client().await;
        assert_eq!(client.describe(&import.key_id).await, import.before, "{step}");
        import.repeat(&client, step).await;
    }
}
