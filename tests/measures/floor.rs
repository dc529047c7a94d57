//! The floor: what the token and the disk take, with no service around them.

pub mod commits;
pub mod imports;
pub mod processes;
pub mod record;
pub mod token;
mod unwrap;

use std::time::Duration;

use keyferry::model::WrappingKeySpec;
use keyferry::proto as pb;

use super::samples::timed;
use crate::call;
use crate::harness::Client;
use record::BareRecord;
use token::BareToken;

/// About what the service has maced: the protected header and the claims of an import token.
pub const MACED: [u8; 200] = [0x5a; 200];

/// What GetParametersForImport cannot do without: one HMAC in the token, one durable commit, one call over the wire.
pub struct Issuing {
    token: BareToken,
    record: BareRecord,
}

impl Issuing {
    /// With so many pairs of each spec to hand out.
    pub async fn prepare(ready: &[(WrappingKeySpec, usize)]) -> Self {
        Self { token: BareToken::new(), record: BareRecord::with_ready(ready).await }
    }

    /// Once: the call is an empty one to the very service that is measured, over the same connection.
    pub async fn once(&mut self, client: &Client, spec: WrappingKeySpec) -> Parts {
        let mut operator = client.operator();
        let (wire, _info) = timed(async { call!(operator, get_server_info, pb::GetServerInfoRequest {}).unwrap() }).await;
        let (mac, _mac) = timed(async { self.token.mac(&MACED) }).await;
        let (commit, _set) = timed(self.record.take(spec)).await;
        Parts { wire, mac, commit }
    }
}

/// What each of the three took.
#[derive(Clone, Copy)]
pub struct Parts {
    pub wire: Duration,
    pub mac: Duration,
    pub commit: Duration,
}

impl Parts {
    pub fn sum(self) -> Duration {
        self.wire + self.mac + self.commit
    }
}
