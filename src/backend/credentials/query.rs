//! Query parameters of credentials, percent-encoded when the configuration is loaded.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use zeroize::Zeroizing;

const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Parameters to put at the end of a query in place of those of the same names.
#[derive(Default)]
pub(in crate::backend) struct PreparedQuery {
    names: Vec<String>,
    pairs: Zeroizing<String>,
}

impl PreparedQuery {
    pub(super) fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Parameters of this name are to be taken out, whatever the case of its letters.
    pub(super) fn replace(&mut self, name: &str) {
        self.names.push(name.to_owned());
    }

    pub(super) fn append(&mut self, name: &str, value: &str) {
        // A buffer that grows would leave copies of a secret behind.
        let room = self.pairs.len() + 3 * (name.len() + value.len()) + 2;
        let mut pairs = Zeroizing::new(String::with_capacity(room));
        pairs.push_str(&self.pairs);
        if !pairs.is_empty() {
            pairs.push('&');
        }
        pairs.extend(utf8_percent_encode(name, UNRESERVED));
        pairs.push('=');
        pairs.extend(utf8_percent_encode(value, UNRESERVED));
        self.pairs = pairs;
    }

    /// The path and query with these parameters in it.
    pub(in crate::backend) fn apply(&self, path_and_query: &str) -> String {
        let (path, query) = path_and_query.split_once('?').unwrap_or((path_and_query, ""));
        let mut out = String::with_capacity(path_and_query.len() + self.pairs.len() + 2);
        out.push_str(path);
        let mut mark = '?';
        let kept = query.split('&').filter(|pair| !pair.is_empty() && !self.replaces(pair));
        for pair in kept.chain([self.pairs.as_str()]).filter(|pair| !pair.is_empty()) {
            out.push(mark);
            out.push_str(pair);
            mark = '&';
        }
        out
    }

    fn replaces(&self, pair: &str) -> bool {
        let name = pair.split_once('=').map_or(pair, |(name, _)| name);
        let name = if name.contains('+') { Cow::Owned(name.replace('+', " ")) } else { Cow::Borrowed(name) };
        let name = percent_decode_str(&name).decode_utf8_lossy();
        self.names.iter().any(|own| own.eq_ignore_ascii_case(&name))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn replaces_parameters_of_the_same_name() {
        let mut query = PreparedQuery::default();
        query.replace("code");
        query.append("code", "a b&c=ü~");
        query.replace("two words");
        query.append("two words", "1");
        query.append("two words", "2");
        let own = "code=a%20b%26c%3D%C3%BC~&two%20words=1&two%20words=2";
        let cases = [
            ("/", "/?"),
            ("/p?", "/p?"),
            ("/p?a=1", "/p?a=1&"),
            ("/p?code=x&a=1&Code=y&b", "/p?a=1&b&"),
            ("/p?c%6Fde=x&two+words=y&two%20words=z&codes=1", "/p?codes=1&"),
            ("/p?a=1&&b=2&", "/p?a=1&b=2&"),
            ("/p?a=?code=1", "/p?a=?code=1&"),
        ];
        for (given, expected) in cases {
            assert_eq!(query.apply(given), format!("{expected}{own}"), "{given}");
        }
    }

    proptest! {
        #[test]
        fn each_replaced_name_is_there_once(given in "/[a-c/]{0,5}(\\?[CcOoDdEe=&%63+?]{0,30})?", value in ".{0,8}") {
            let mut query = PreparedQuery::default();
            query.replace("code");
            query.append("code", &value);
            let applied = query.apply(&given);
            prop_assert!(applied.parse::<http::uri::PathAndQuery>().is_ok(), "{}", applied);
            let (_, pairs) = applied.split_once('?').unwrap();
            prop_assert_eq!(pairs.split('&').filter(|pair| query.replaces(pair)).count(), 1, "{}", applied);
        }
    }

    #[test]
    fn a_name_without_values_is_only_taken_out() {
        let mut query = PreparedQuery::default();
        query.replace("code");
        assert_eq!(query.apply("/p?code=1"), "/p");
        assert_eq!(query.apply("/p?code=1&a=2"), "/p?a=2");
    }
}
