//! What a request says about the member that it is to have.

use std::net::IpAddr;

use http::Request;

use super::{Balance, Pool};
use crate::Body;

/// Whom the cookies of a request are bound to, and the hashes of its keys, in a pool and in the pools in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::backend) struct Wish {
    bound: Option<usize>,
    /// The hash of its key.
    key: Option<u64>,
    /// Whether a pool above decides for how long, and with which cookie.
    is_led: bool,
    /// Whether nobody else may be asked, by the word of a pool above.
    is_kept: bool,
    below: Vec<(usize, Wish)>,
}

impl Wish {
    /// That of a pool whose cookie stands for this member.
    pub(super) fn of(bound: Option<usize>) -> Self {
        Self { bound, ..Self::default() }
    }

    /// That of a pool with pools in it, by what their own cookies say.
    pub(super) fn over(below: Vec<(usize, Wish)>) -> Self {
        Self { below, ..Self::default() }
    }

    /// The same, led by the cookie of the pool: it stands for what is at the end of a way, which nobody else may stand in for
    /// when it is kept, or for nothing.
    pub(super) fn led(mut self, way: Option<&[usize]>, is_kept: bool) -> Self {
        self.below.iter_mut().for_each(|(_, wish)| wish.follow());
        if let Some((first, rest)) = way.and_then(<[usize]>::split_first) {
            (self.bound, self.is_kept) = (Some(*first), is_kept);
            if !rest.is_empty() {
                let known = self.below.iter().position(|(member, _)| member == first);
                let wish = known.map(|at| self.below.swap_remove(at).1).unwrap_or_default();
                let mut wish = wish.led(Some(rest), is_kept);
                wish.follow();
                self.below.push((*first, wish));
            }
        }
        self
    }

    /// The same for a request with this key.
    pub(super) fn keyed(self, key: Option<u64>) -> Self {
        Self { key, ..self }
    }

    fn follow(&mut self) {
        self.is_led = true;
        self.below.iter_mut().for_each(|(_, wish)| wish.follow());
    }

    pub(super) fn bound(&self) -> Option<usize> {
        self.bound
    }

    pub(super) fn key(&self) -> Option<u64> {
        self.key
    }

    pub(super) fn is_led(&self) -> bool {
        self.is_led
    }

    pub(super) fn is_kept(&self) -> bool {
        self.is_kept
    }

    /// That of the pool which is a member.
    pub(super) fn below(&self, member: usize) -> Option<&Self> {
        self.below.iter().find(|(known, _)| *known == member).map(|(_, wish)| wish)
    }
}

impl Pool {
    /// Takes the cookie of the session out of a request of this client, and says what the request wishes.
    pub(in crate::backend) fn wish(&self, request: &mut Request<Body>, client: Option<IpAddr>) -> Wish {
        if !self.is_wished_of {
            return Wish::default();
        }
        if self.is_nested() {
            return self.nested_wish(request, client);
        }
        let key = self.key(request, client);
        Wish::of(self.affinity.as_ref().and_then(|affinity| affinity.take(request.headers_mut()))).keyed(key)
    }

    /// The hash of the key of a request, when it decides.
    pub(super) fn key(&self, request: &Request<Body>, client: Option<IpAddr>) -> Option<u64> {
        match &self.options.balance {
            Balance::Hash(key) => key.of(request, client),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_above_leads() {
        let own = || Wish::over(vec![(1, Wish::of(Some(7))), (2, Wish::of(Some(8)))]);
        assert_eq!(
            (own().bound(), own().below(1).unwrap().bound(), own().below(1).unwrap().is_led()),
            (None, Some(7), false)
        );
        let led = own().led(Some(&[1, 3]), true);
        assert_eq!((led.bound(), led.is_led()), (Some(1), false));
        let (inner, other) = (led.below(1).unwrap(), led.below(2).unwrap());
        assert_eq!((inner.bound(), inner.is_led()), (Some(3), true));
        assert_eq!((other.bound(), other.is_led()), (Some(8), true));
        let none = own().led(None, true);
        assert_eq!(
            (none.bound(), none.below(1).unwrap().bound(), none.below(1).unwrap().is_led()),
            (None, Some(7), true)
        );
        let bottom = Wish::of(None).keyed(Some(9));
        let deep = Wish::over(vec![(4, Wish::over(vec![(5, bottom)]))]).led(Some(&[4, 5, 6]), true);
        let bottom = deep.below(4).and_then(|session| session.below(5)).unwrap();
        assert_eq!((bottom.bound(), bottom.is_led(), bottom.is_kept()), (Some(6), true, true));
        assert_eq!(bottom.key(), Some(9), "keys stay");
        let unlooked = Wish::default().led(Some(&[4, 5]), false);
        assert_eq!(unlooked.below(4).map(|wish| (wish.bound(), wish.is_led())), Some((Some(5), true)));
        assert!(!other.is_kept() && !none.below(1).unwrap().is_kept(), "cookies below insist on nothing");
    }
}
