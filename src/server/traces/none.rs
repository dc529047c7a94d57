//! No traces: this program was built without the feature `otlp`, and a configuration that asks for them is not read.

use std::convert::Infallible;

use tracing::Subscriber;
use tracing_subscriber::layer::{Identity, Layer};

use crate::config;

/// There are none.
#[derive(Clone, Debug)]
pub struct Traces(Infallible);

impl Traces {
    /// None.
    ///
    /// # Errors
    /// Never.
    pub fn open(_config: &config::Traces) -> Result<Option<Self>, Infallible> {
        Ok(None)
    }

    pub(super) fn layer<S: Subscriber>(&self) -> impl Layer<S> + use<S> {
        Identity::new()
    }

    /// Nothing to do.
    pub fn close(&self) {}
}
