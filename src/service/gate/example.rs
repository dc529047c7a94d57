//! A gate for the tests of fronts, which must not know what lies under the service.

use std::path::Path;
use std::sync::Arc;

use super::{Gate, Limits};
use crate::audit::{Log, Settings};
use crate::clock::SystemClock;
use crate::model::InstallationId;
use crate::policy::Policies;

const PRINCIPALS: &str = r#"
version = "v1"
[[principal]]
name = "loopback"
account = "111122223333"
"#;

impl Gate {
    /// Lets the principal `loopback` do everything. Its files, with the audit log in `audit.jsonl`, are in `folder`.
    pub(crate) fn example(folder: &Path) -> Self {
        std::fs::write(folder.join("principals.toml"), PRINCIPALS).unwrap();
        let everything = "@id(\"everything\") permit(principal, action, resource);";
        std::fs::write(folder.join("everything.cedar"), everything).unwrap();
        let (file, installation) = (folder.join("audit.jsonl"), InstallationId::random());
        let audit = Log::open(Settings { file, max_bytes: 1 << 20, keep: 0, forward: None, installation }).unwrap();
        let policies = Policies::load(folder).unwrap();
        Self::new(policies, Limits::none(), audit, "us-east-1".to_owned(), Arc::new(SystemClock))
    }
}
