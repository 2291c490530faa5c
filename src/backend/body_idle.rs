//! Ends the body of a response that sends nothing for too long: an option beyond Azure, off by default.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep};

use crate::Body;
use crate::body::BoxError;

/// Lets the body break off when nothing of it comes for `limit` while it is waited for; then the backend's connection is
/// given up. A caller who is slow to read takes no time of it.
pub(super) fn limit(response: &mut Response<Body>, limit: Duration) {
    if response.body().is_end_stream() || response.body().as_bytes().is_some() {
        return;
    }
    let body = std::mem::take(response.body_mut());
    *response.body_mut() = Body::new(Limited { body, limit, timer: None, is_waiting: false });
}

struct Limited {
    body: Body,
    limit: Duration,
    /// There once the body was waited for.
    timer: Option<Pin<Box<Sleep>>>,
    /// Whether the timer runs.
    is_waiting: bool,
}

/// What the body breaks off with.
#[derive(Debug, thiserror::Error)]
#[error("the backend has sent nothing more of its response for {0:?}")]
struct Silent(Duration);

impl HttpBody for Limited {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        if let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(cx) {
            this.is_waiting = false;
            return Poll::Ready(frame);
        }
        let timer = this.timer.get_or_insert_with(|| Box::pin(sleep(this.limit)));
        if !this.is_waiting {
            timer.as_mut().reset(Instant::now() + this.limit);
            this.is_waiting = true;
        }
        ready!(timer.as_mut().poll(cx));
        this.is_waiting = false;
        this.body = Body::empty();
        Poll::Ready(Some(Err(Silent(this.limit).into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;
    use tokio::sync::mpsc;

    use super::*;

    const LIMIT: Duration = Duration::from_secs(10);

    struct Sent(mpsc::Receiver<&'static str>);

    impl HttpBody for Sent {
        type Data = Bytes;
        type Error = BoxError;

        fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
            self.0.poll_recv(cx).map(|sent| sent.map(|text| Ok(Frame::data(Bytes::from_static(text.as_bytes())))))
        }
    }

    fn limited() -> (mpsc::Sender<&'static str>, Body) {
        let (sender, receiver) = mpsc::channel(4);
        let mut response = Response::new(Body::new(Sent(receiver)));
        limit(&mut response, LIMIT);
        (sender, response.into_body())
    }

    #[tokio::test(start_paused = true)]
    async fn each_silence_is_counted_by_itself() {
        let (sender, mut body) = limited();
        let start = Instant::now();
        let sent = tokio::spawn(async move {
            for _ in 0..3 {
                tokio::time::sleep(Duration::from_secs(9)).await;
                sender.send("x").await.unwrap();
            }
            // Until nobody reads any more.
            while sender.send("").await.is_ok() {
                tokio::time::sleep(Duration::from_secs(60)).await;
            }
        });
        for _ in 0..3 {
            assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "x");
        }
        assert_eq!(start.elapsed().as_secs(), 27);
        assert!(body.frame().await.unwrap().is_ok(), "an empty frame is one");
        let error = body.frame().await.unwrap().unwrap_err();
        assert_eq!(error.to_string(), "the backend has sent nothing more of its response for 10s");
        assert_eq!(start.elapsed().as_secs(), 37);
        assert!(body.frame().await.is_none() && body.is_end_stream());
        sent.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_reader_takes_no_time_of_it() {
        let (sender, mut body) = limited();
        let wait = tokio::time::timeout(Duration::from_secs(1), body.frame()).await;
        assert!(wait.is_err(), "the timer runs");
        sender.send("x").await.unwrap();
        tokio::time::sleep(Duration::from_secs(3600)).await;
        assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "x");
        tokio::time::sleep(Duration::from_secs(3600)).await;
        let wait = tokio::time::timeout(Duration::from_secs(9), body.frame()).await;
        assert!(wait.is_err(), "it began anew");
        drop(sender);
        assert!(body.frame().await.is_none());
    }

    #[tokio::test]
    async fn what_is_in_memory_is_left_alone() {
        for body in [Body::empty(), Body::from("x")] {
            let shown = format!("{body:?}");
            let mut response = Response::new(body);
            limit(&mut response, LIMIT);
            assert_eq!(format!("{:?}", response.body()), shown);
        }
    }
}
