//! An answer with the nulls and errors of fields that were taken out of its query.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Response, header};
use http_body::{Body as HttpBody, Frame};

use crate::body::{Body, BoxError};
use crate::graphql::Hidden;

/// Puts nulls and errors into an answer when it is read; one that is no JSON, or longer than `limit` bytes, stays as it is.
pub(crate) fn hide(hidden: Vec<Hidden>, response: Response<Body>, limit: usize) -> Response<Body> {
    if hidden.is_empty() || response.headers().contains_key(header::CONTENT_ENCODING) {
        return response;
    }
    let (mut head, inner) = response.into_parts();
    head.headers.remove(header::CONTENT_LENGTH);
    let state = State::Reads { front: BytesMut::new(), trailers: None };
    Response::from_parts(head, Body::new(HiddenBody { hidden, inner, limit, state }))
}

struct HiddenBody {
    hidden: Vec<Hidden>,
    inner: Body,
    limit: usize,
    state: State,
}

enum State {
    /// The answer is being read.
    Reads { front: BytesMut, trailers: Option<HeaderMap> },
    /// It is too long: the rest follows as it is.
    Passes,
    /// It is read; what is left are its trailers.
    Ends(Option<HeaderMap>),
}

impl HttpBody for HiddenBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        loop {
            let (front, trailers) = match &mut this.state {
                State::Passes => return Pin::new(&mut this.inner).poll_frame(cx),
                State::Ends(trailers) => {
                    return Poll::Ready(trailers.take().map(|trailers| Ok(Frame::trailers(trailers))));
                }
                State::Reads { front, trailers } => (front, trailers),
            };
            match ready!(Pin::new(&mut this.inner).poll_frame(cx)).transpose()?.map(Frame::into_data) {
                Some(Ok(data)) => {
                    front.extend_from_slice(&data);
                    if front.len() > this.limit {
                        let front = front.split().freeze();
                        this.state = State::Passes;
                        return Poll::Ready(Some(Ok(Frame::data(front))));
                    }
                }
                Some(Err(frame)) => *trailers = frame.into_trailers().ok(),
                None => {
                    let (mut answer, trailers) = (front.split().freeze(), trailers.take());
                    for hidden in &this.hidden {
                        answer = hidden.put_into(&answer).unwrap_or(answer);
                    }
                    this.state = State::Ends(trailers);
                    return Poll::Ready(Some(Ok(Frame::data(answer))));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::StreamBody;

    use super::*;
    use crate::graphql::{Checked, GraphRequest, GraphSchema, Limits, Pruned, RulePath, Rules, Verdict, check, prune};

    fn hidden() -> Hidden {
        let schema = GraphSchema::parse("type Query { a: Int b: Int }").unwrap();
        let request = GraphRequest::of_url("query=%7Ba%20b%7D").unwrap();
        let checked: Checked = check(&schema, &request, Limits::EXECUTION).unwrap();
        let paths = [RulePath::Field("Query".into(), "a".into())];
        let mut action = |_| Ok::<_, std::convert::Infallible>(Verdict::Remove);
        match prune(&schema, &checked, &mut Rules::new(&schema, &paths, &mut action)).unwrap() {
            Pruned::Partly { hidden, .. } => hidden,
            other => panic!("{other:?}"),
        }
    }

    async fn through(chunks: &[&'static str], limit: usize) -> String {
        let frames: Vec<_> = chunks.iter().map(|text| Ok::<_, BoxError>(Frame::data(Bytes::from(*text)))).collect();
        let body = Body::new(StreamBody::new(futures_util::stream::iter(frames)));
        let read = hide(vec![hidden()], Response::new(body), limit).into_body().collect(1_000).await.unwrap();
        String::from_utf8(read.as_bytes().unwrap().to_vec()).unwrap()
    }

    #[tokio::test]
    async fn an_answer_is_changed_and_anything_else_is_not() {
        let text = through(&["{\"data\":", "{\"b\":1}}"], 100).await;
        assert!(
            text.starts_with(r#"{"data":{"b":1,"a":null},"errors":[{"message":"The field `a` of type `Query`"#),
            "{text}"
        );
        assert_eq!(through(&["{\"data\":", "{\"b\":1}}"], 10).await, "{\"data\":{\"b\":1}}");
        assert_eq!(through(&["oops"], 100).await, "oops");
    }
}
