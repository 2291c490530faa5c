//! Several questions at the same time, of which the first bad answer counts.

use std::pin::Pin;
use std::task::Poll;

/// A question that is under way.
pub(super) type Question<'q> = Pin<Box<dyn Future<Output = Result<(), String>> + Send + 'q>>;

/// Waits until all answers are good, or one is not; the others are given up then.
pub(super) async fn all_good(mut questions: Vec<Question<'_>>) -> Result<(), String> {
    std::future::poll_fn(move |cx| {
        let mut bad = None;
        questions.retain_mut(|question| match question.as_mut().poll(cx) {
            Poll::Pending => true,
            Poll::Ready(answer) => {
                bad = bad.take().or(answer.err());
                false
            }
        });
        match bad {
            Some(why) => Poll::Ready(Err(why)),
            None if questions.is_empty() => Poll::Ready(Ok(())),
            None => Poll::Pending,
        }
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_first_bad_answer_counts() {
        let never = || -> Question<'static> { Box::pin(std::future::pending()) };
        let ready = |answer: Result<(), String>| -> Question<'static> { Box::pin(std::future::ready(answer)) };
        assert_eq!(all_good(vec![]).await, Ok(()));
        assert_eq!(all_good(vec![ready(Ok(())), ready(Ok(()))]).await, Ok(()));
        assert_eq!(all_good(vec![never(), ready(Err("no".to_owned())), never()]).await, Err("no".to_owned()));
    }
}
