//! A row of an answer, and what its columns say. A column that says nothing sensible is [`Error::Corrupt`], by its name alone.

use std::str::FromStr;

use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{Decode, Postgres, Row as _, Sqlite, Type};

use super::Error;
use crate::model::{ObjectId, Timestamp, WrappingKeyId};

/// A row of either database.
pub(super) enum Row {
    Postgres(PgRow),
    Sqlite(SqliteRow),
}

/// What both databases can hold in a column.
pub(super) trait Column:
    Type<Postgres> + Type<Sqlite> + for<'r> Decode<'r, Postgres> + for<'r> Decode<'r, Sqlite>
{
}
impl<T> Column for T where T: Type<Postgres> + Type<Sqlite> + for<'r> Decode<'r, Postgres> + for<'r> Decode<'r, Sqlite> {}

pub(super) fn corrupt(column: &str) -> Error {
    Error::Corrupt(format!("column {column}"))
}

impl Row {
    /// An `i64`, `String` or `Vec<u8>`.
    pub(super) fn get<T: Column>(&self, column: &str) -> Result<T, Error> {
        // Asked for directly, a null would read as 0 or as nothing on SQLite.
        self.optional(column)?.ok_or_else(|| corrupt(column))
    }

    /// An `i64`, `String` or `Vec<u8>`, or null.
    pub(super) fn optional<T: Column>(&self, column: &str) -> Result<Option<T>, Error> {
        Ok(match self {
            Self::Postgres(row) => row.try_get(column)?,
            Self::Sqlite(row) => row.try_get(column)?,
        })
    }

    /// Text that `parse` understands.
    pub(super) fn parsed<T>(&self, column: &str, parse: impl FnOnce(&str) -> Option<T>) -> Result<T, Error> {
        parse(&self.get::<String>(column)?).ok_or_else(|| corrupt(column))
    }

    /// The name of an enumeration's member.
    pub(super) fn named<T: FromStr>(&self, column: &str) -> Result<T, Error> {
        self.parsed(column, |text| text.parse().ok())
    }

    /// A count.
    pub(super) fn count(&self, column: &str) -> Result<u32, Error> {
        u32::try_from(self.get::<i64>(column)?).map_err(|_| corrupt(column))
    }

    /// Exactly `N` bytes.
    pub(super) fn array<const N: usize>(&self, column: &str) -> Result<[u8; N], Error> {
        self.get::<Vec<u8>>(column)?.try_into().map_err(|_| corrupt(column))
    }

    /// Exactly `N` bytes, or null.
    pub(super) fn optional_array<const N: usize>(&self, column: &str) -> Result<Option<[u8; N]>, Error> {
        let bytes = self.optional::<Vec<u8>>(column)?;
        bytes.map(|bytes| bytes.try_into().map_err(|_| corrupt(column))).transpose()
    }

    pub(super) fn time(&self, column: &str) -> Result<Timestamp, Error> {
        Ok(Timestamp::from_millis(self.get(column)?))
    }

    pub(super) fn object(&self, column: &str) -> Result<ObjectId, Error> {
        self.array(column).map(ObjectId)
    }

    pub(super) fn wrapping_key_id(&self, column: &str) -> Result<WrappingKeyId, Error> {
        self.parsed(column, |text| uuid::Uuid::try_parse(text).ok().map(WrappingKeyId))
    }
}
