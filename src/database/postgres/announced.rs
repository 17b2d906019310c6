use std::convert::Infallible;
use std::future::{Ready, ready};
use std::io::Result;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf};
use tokio_postgres::Client;
use tokio_postgres::tls::{ChannelBinding, TlsConnect, TlsStream};

/// The server's process as the protocol's BackendKeyData named it when the connection was made. A server names the process
/// that serves the connection; a pooler names one that it made up, because the client's queries go to processes that change.
///
/// `tokio-postgres` keeps the message to itself, except that a cancel request carries it: one is written into memory and read there.
pub(super) async fn announced_process(client: &Client) -> Option<i32> {
    let (ours, mut theirs) = tokio::io::duplex(64);
    // The answer to the request for TLS that comes first in some modes: it may stay unread.
    theirs.write_all(b"S").await.ok()?;
    client.cancel_token().cancel_query_raw(ours, AsIs).await.ok()?;
    let mut written = Vec::new();
    theirs.read_to_end(&mut written).await.ok()?;
    // CancelRequest: length, code, process, secret; four bytes each.
    let process = written.last_chunk::<8>()?.first_chunk::<4>()?;
    Some(i32::from_be_bytes(*process))
}

/// TLS that does nothing.
struct AsIs;

struct Plain(DuplexStream);

impl TlsConnect<DuplexStream> for AsIs {
    type Stream = Plain;
    type Error = Infallible;
    type Future = Ready<std::result::Result<Plain, Infallible>>;

    fn connect(self, stream: DuplexStream) -> Self::Future {
        ready(Ok(Plain(stream)))
    }
}

impl TlsStream for Plain {
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none()
    }
}

impl AsyncRead for Plain {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Plain {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
