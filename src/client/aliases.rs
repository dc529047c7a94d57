//! Other names for keys.

use super::connection::Client;
use super::error::{Error, Local};
use super::pages::Markers;
use super::wire::{arn, moment, present};
use crate::model::{KeyId, Timestamp};
use crate::proto;

/// An alias.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alias {
    /// `alias/…`
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// The key that it stands for.
    pub target: KeyId,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was given to its key.
    pub updated_at: Timestamp,
}

impl TryFrom<proto::AliasListEntry> for Alias {
    type Error = Local;

    fn try_from(alias: proto::AliasListEntry) -> Result<Self, Local> {
        Ok(Self {
            name: arn("AliasName", alias.alias_name)?,
            arn: arn("AliasArn", alias.alias_arn)?,
            target: present("TargetKeyId", KeyId::parse(&alias.target_key_id))?,
            created_at: present("CreationDate", alias.creation_date.and_then(moment))?,
            updated_at: present("LastUpdatedDate", alias.last_updated_date.and_then(moment))?,
        })
    }
}

/// Names begin with `alias/`; keys are named by their ids or ARNs. Each fails as [`Client::call`] does, or with [`Error::Local`]
/// where it does not understand the answer.
impl Client {
    /// CreateAlias.
    pub async fn create_alias(&self, name: &str, key_id: &str) -> Result<(), Error> {
        let question = proto::CreateAliasRequest { alias_name: name.to_owned(), target_key_id: key_id.to_owned() };
        let _: proto::CreateAliasResponse = self.ask("/keyferry.v1.AliasService/CreateAlias", &question).await?;
        Ok(())
    }

    /// UpdateAlias: from now on it stands for another key.
    pub async fn update_alias(&self, name: &str, key_id: &str) -> Result<(), Error> {
        let question = proto::UpdateAliasRequest { alias_name: name.to_owned(), target_key_id: key_id.to_owned() };
        let _: proto::UpdateAliasResponse = self.ask("/keyferry.v1.AliasService/UpdateAlias", &question).await?;
        Ok(())
    }

    /// DeleteAlias. The key stays.
    pub async fn delete_alias(&self, name: &str) -> Result<(), Error> {
        let question = proto::DeleteAliasRequest { alias_name: name.to_owned() };
        let _: proto::DeleteAliasResponse = self.ask("/keyferry.v1.AliasService/DeleteAlias", &question).await?;
        Ok(())
    }

    /// ListAliases, of one key or of all, page after page to the last.
    pub async fn list_aliases(&self, key_id: Option<&str>) -> Result<Vec<Alias>, Error> {
        let (mut all, mut markers, mut marker) = (Vec::new(), Markers::default(), None);
        loop {
            let question = proto::ListAliasesRequest { key_id: key_id.map(str::to_owned), limit: Some(100), marker };
            let page: proto::ListAliasesResponse = self.ask("/keyferry.v1.AliasService/ListAliases", &question).await?;
            for alias in page.aliases {
                all.push(Alias::try_from(alias)?);
            }
            marker = markers.follow(page.truncated, page.next_marker)?;
            if marker.is_none() {
                return Ok(all);
            }
        }
    }
}
