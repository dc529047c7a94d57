//! The audit log: one line for every decision, each bound to the one before.

mod event;

pub use event::{Event, Identity, Outcome};

// STUB
/// Log.
#[derive(Clone, Debug)]
pub struct Log;
/// Unwritable.
#[derive(Debug, thiserror::Error)]
#[error("unwritable")]
pub struct Unwritable;
/// Place.
#[derive(Debug)]
pub struct Place;
impl Log {
    /// Begins.
    pub fn begin(&self) -> Result<Place, Unwritable> {
        Ok(Place)
    }
}
impl Place {
    /// Writes.
    pub async fn write(self, _: &Event, _: bool) -> Result<(), Unwritable> {
        Ok(())
    }
}
