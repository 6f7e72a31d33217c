//! What a message takes of the memory for all messages (DOORS-4), known before it is read: gRPC's frame begins with its length.

use bytes::{Bytes, BytesMut};
use futures::StreamExt as _;
use http_body_util::{BodyExt as _, BodyStream, StreamBody};
use hyper::body::{Body, Frame, Incoming};
use tonic::Status;

use crate::limits::MAX_MESSAGE_BYTES;

/// A flag, and the length in four bytes, most significant first.
const FRAME_HEADER_BYTES: usize = 5;

/// KiB of a message. One beyond [`MAX_MESSAGE_BYTES`] is refused and never read.
pub(crate) fn kib(bytes: usize) -> u32 {
    u32::try_from(bytes.min(MAX_MESSAGE_BYTES).div_ceil(1024)).unwrap_or(u32::MAX).max(1)
}

/// Reads the beginning of a message, and gives what the whole takes, in KiB, with the body as if nobody had read of it.
///
/// # Errors
/// `UNAVAILABLE` when the connection ends before.
pub(crate) async fn of_message(
    mut body: Incoming,
) -> Result<(u32, impl Body<Data = Bytes, Error = hyper::Error> + Send + 'static), Status> {
    let mut begin = BytesMut::new();
    while begin.len() < FRAME_HEADER_BYTES {
        let Some(frame) = body.frame().await else { break };
        let frame = frame.map_err(|error| Status::unavailable(error.to_string()))?;
        if let Ok(data) = frame.into_data() {
            begin.extend_from_slice(&data);
        }
    }
    let kib = kib(FRAME_HEADER_BYTES + length(&begin));
    let begin = futures::stream::iter([Ok(Frame::data(begin.freeze()))]);
    Ok((kib, StreamBody::new(begin.chain(BodyStream::new(body)))))
}

/// The length in a frame's header; 0 where that is cut off, which is refused when it is read.
fn length(begin: &[u8]) -> usize {
    let length = begin.get(1..FRAME_HEADER_BYTES).and_then(|bytes| bytes.try_into().ok()).map_or(0, u32::from_be_bytes);
    usize::try_from(length).unwrap_or(usize::MAX).min(MAX_MESSAGE_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;

    // DOORS-4, bad input
    #[test]
    fn a_message_weighs_what_its_frame_says_and_never_more_than_may_cross() {
        assert_eq!((kib(0), kib(1024), kib(1025)), (1, 1, 2));
        assert_eq!(length(&[0, 0, 1, 0, 0, 7]), 65_536);
        assert_eq!((length(&[]), length(&[0, 255, 255, 255])), (0, 0));
        assert_eq!(length(&[0, 255, 255, 255, 255]), MAX_MESSAGE_BYTES);
        assert_eq!(kib(usize::MAX), 64 * 1024);
    }
}
