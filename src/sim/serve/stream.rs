//! Bodies that go on: watches and followed logs.
//!
//! A piece is made only when the connection has room for it. Called for answers that are streams.

use std::io;
use std::pin::pin;
use std::sync::Arc;

use bytes::Bytes;
use futures::stream::{self, Stream};
use http_body_util::StreamBody;
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::Frame;

use super::shared::Shared;
use crate::sim::api::{Desk, Follow, Heard, Tail};
use crate::sim::world::World;

/// A body of any kind.
pub(super) type Body = UnsyncBoxBody<Bytes, io::Error>;

/// Something that can be asked again and again.
pub(super) trait Source: Send + 'static {
    fn hear(&mut self, world: &World, desk: &Desk) -> Heard;
}

impl Source for Follow {
    fn hear(&mut self, world: &World, desk: &Desk) -> Heard {
        Self::hear(self, world, desk)
    }
}

impl Source for Tail {
    fn hear(&mut self, world: &World, desk: &Desk) -> Heard {
        Self::hear(self, world, desk)
    }
}

/// A body that says what its source has to say, until that ends.
pub(super) fn body(shared: Arc<Shared>, source: Box<impl Source>) -> Body {
    UnsyncBoxBody::new(StreamBody::new(pieces(shared, source)))
}

fn pieces(
    shared: Arc<Shared>,
    source: Box<impl Source>,
) -> impl Stream<Item = io::Result<Frame<Bytes>>> {
    stream::unfold((shared, source), |(shared, mut source)| async {
        let heard = loop {
            let mut change = pin!(shared.next_change());
            change.as_mut().enable();
            match shared.look(|world, desk| source.hear(world, desk)) {
                Heard::Lines(lines) if lines.is_empty() => {}
                heard => break heard,
            }
            change.await;
        };
        match heard {
            Heard::Lines(lines) => Some((Ok(Frame::data(Bytes::from(lines))), (shared, source))),
            Heard::End => None,
            Heard::Torn => {
                let torn = Err(io::ErrorKind::ConnectionReset.into());
                Some((torn, (shared, source)))
            }
        }
    })
}
