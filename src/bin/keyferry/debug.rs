//! `--debug`: what the client does, on standard error. Secrets, tokens and blobs are no part of what it logs.

use tracing_subscriber::EnvFilter;

/// Starts it, where it is wanted.
pub(crate) fn start(wanted: bool) {
    if wanted {
        // Of the others, what they decide; not what goes over the wire.
        let filter = EnvFilter::new("keyferry=debug,tonic=debug,hyper_util=debug,rustls=debug");
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(false).init();
        tracing::debug!(version = env!("CARGO_PKG_VERSION"), "keyferry");
    }
}
