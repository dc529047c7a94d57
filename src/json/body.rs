//! The bytes of requests and answers, which may hold what is secret: they wipe themselves.

use std::time::Duration;

use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Bytes;
use zeroize::Zeroizing;

use super::refusal::Fault;

/// The most that a body may measure, in bytes: its largest field is a policy document of 32 KiB, escaped.
const MAX_BODY: usize = 256 * 1024;

/// How long a body may take to come, once its head is there.
const PATIENCE: Duration = Duration::from_secs(5);

/// An answer's body.
pub(super) type Body = Full<Bytes>;

/// A request's body as it comes in.
pub trait Wire: hyper::body::Body<Data = Bytes, Error: Into<Box<dyn std::error::Error + Send + Sync>>> + Send {}
impl<B> Wire for B where B: hyper::body::Body<Data = Bytes, Error: Into<Box<dyn std::error::Error + Send + Sync>>> + Send {}

/// The whole of a body.
pub(super) async fn read<B: Wire>(body: B) -> Result<Zeroizing<Vec<u8>>, Fault> {
    let limited = std::pin::pin!(Limited::new(body, MAX_BODY));
    match tokio::time::timeout(PATIENCE, collected(limited)).await {
        Ok(Ok(whole)) => Ok(whole),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Fault::too_large(MAX_BODY)),
        Ok(Err(_broken)) => Err(Fault::broken_off()),
        Err(_elapsed) => Err(Fault::too_slow(PATIENCE)),
    }
}

async fn collected<B: Wire>(
    mut body: std::pin::Pin<&mut Limited<B>>,
) -> Result<Zeroizing<Vec<u8>>, Box<dyn std::error::Error + Send + Sync>> {
    let mut whole = Zeroizing::new(Vec::new());
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame?.into_data() {
            // A buffer that grows leaves what it held behind: it is copied to a larger one and wiped.
            if whole.capacity() < whole.len() + data.len() {
                let mut larger = Zeroizing::new(Vec::with_capacity((2 * (whole.len() + data.len())).min(MAX_BODY)));
                larger.extend_from_slice(&whole);
                whole = larger;
            }
            whole.extend_from_slice(&data);
        }
    }
    Ok(whole)
}

/// Bytes that wipe themselves when the last of the connection is done with them.
pub(super) fn of(text: Zeroizing<Vec<u8>>) -> Body {
    Full::new(Bytes::from_owner(text))
}
