//! `context`: the view that expressions have of an exchange.

mod host;

use std::borrow::Cow;

use http::HeaderMap;

use super::exchange::Exchange;
use super::facts::BackendFacts;
use super::messages::MessageBody;
use crate::expr::{Message, Url};
use crate::forward::Target;

/// The view that expressions have of an exchange.
pub(crate) struct Context<'a> {
    exchange: &'a mut Exchange,
}

impl<'a> Context<'a> {
    pub(crate) fn new(exchange: &'a mut Exchange) -> Self {
        Self { exchange }
    }

    fn headers(&self, message: Message) -> Option<&HeaderMap> {
        match message {
            Message::Request => Some(&self.exchange.request.headers),
            Message::Response => self.exchange.response.as_ref().map(|response| &response.headers),
        }
    }

    fn body_state(&mut self, message: Message) -> Option<&mut MessageBody> {
        match message {
            Message::Request => Some(&mut self.exchange.request.body),
            Message::Response => self.exchange.response.as_mut().map(|response| &mut response.body),
        }
    }

    /// The Backend entity in use.
    pub(crate) fn backend(&self) -> Option<&BackendFacts> {
        match (&self.exchange.target, &self.exchange.facts.backends) {
            (Some(Target::Backend(id)), Some(directory)) => directory.backend(id),
            _ => None,
        }
    }

    /// The base URL that the request goes to.
    pub(crate) fn base(&self) -> Option<&crate::forward::BaseUrl> {
        match &self.exchange.target {
            Some(Target::Url(url)) => Some(url),
            Some(target @ Target::Backend(_)) => match &self.exchange.served_by {
                Some((pool, member)) if pool == target => Some(&member.base),
                _ => self.backend().and_then(|backend| backend.url.as_deref()),
            },
            None => None,
        }
    }

    pub(crate) fn scheme(&self, url: Url) -> Option<&str> {
        match url {
            Url::Current => match self.base() {
                Some(base) => Some(base.scheme().as_str()),
                None => self.scheme(Url::Original),
            },
            Url::Original => {
                let scheme = self.exchange.request.original_uri.scheme_str();
                Some(scheme.unwrap_or(if self.exchange.is_tls() { "https" } else { "http" }))
            }
            Url::Service => self.service_url().map(|url| url.scheme().as_str()),
        }
    }

    fn service_url(&self) -> Option<&crate::forward::BaseUrl> {
        self.exchange.facts.api.as_ref()?.service_url.as_deref()
    }

    /// Host and port, as in `host:8080`.
    pub(crate) fn authority(&self, url: Url) -> Option<&str> {
        match url {
            Url::Current => match self.base() {
                Some(base) => Some(base.authority().as_str()),
                None => self.authority(Url::Original),
            },
            Url::Original => Some(self.exchange.original_host()),
            Url::Service => self.service_url().map(|url| url.authority().as_str()),
        }
    }

    /// Path and query.
    pub(crate) fn path_and_query(&self, url: Url) -> Option<Cow<'_, str>> {
        match url {
            Url::Current => {
                let rest = self.exchange.request.rest();
                Some(match self.base() {
                    Some(base) => base.path_and_query(rest),
                    None if rest.starts_with('/') => Cow::Borrowed(rest),
                    None => Cow::Owned(format!("/{rest}")),
                })
            }
            Url::Original => {
                let whole = self.exchange.request.original_uri.path_and_query();
                Some(Cow::Borrowed(whole.map_or("/", |whole| whole.as_str())))
            }
            Url::Service => self.service_url().map(|url| url.path_and_query("")),
        }
    }

    fn url_part(&self, url: Url, part: UrlPart) -> Option<Cow<'_, str>> {
        let cut = |text: &str| -> std::ops::Range<usize> {
            let mark = text.find('?').unwrap_or(text.len());
            match part {
                UrlPart::Path => 0..mark,
                // A lone question mark is no query.
                UrlPart::Query if mark + 1 >= text.len() => text.len()..text.len(),
                UrlPart::Query => mark..text.len(),
            }
        };
        let whole = match (url, part, self.base()) {
            // Such a base adds nothing to the query, so that the whole need not be put together.
            (Url::Current, UrlPart::Query, Some(base)) if base.query().is_none() => {
                Cow::Borrowed(self.exchange.request.rest())
            }
            _ => self.path_and_query(url)?,
        };
        Some(match whole {
            Cow::Borrowed(text) => Cow::Borrowed(text.get(cut(text)).unwrap_or_default()),
            Cow::Owned(mut text) => {
                let range = cut(&text);
                text.truncate(range.end);
                text.drain(..range.start);
                Cow::Owned(text)
            }
        })
    }
}

#[derive(Clone, Copy)]
enum UrlPart {
    Path,
    Query,
}
