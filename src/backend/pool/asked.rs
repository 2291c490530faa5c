//! Whom the tries of one call went to.

use super::choice::Choice;
use super::picker::Members;

/// Whom the tries of one call went to, in a pool and in the pools in it.
#[derive(Debug, Default)]
pub(in crate::backend) struct Asked {
    members: Members,
    below: Vec<(usize, Asked)>,
}

impl Asked {
    /// A try went there.
    pub(in crate::backend) fn add(&mut self, choice: &Choice) {
        let Some(inner) = &choice.inner else { return self.members.insert(choice.member) };
        match self.below.iter_mut().find(|(known, _)| *known == choice.member) {
            Some((_, asked)) => asked.add(inner),
            None => {
                let mut asked = Self::default();
                asked.add(inner);
                self.below.push((choice.member, asked));
            }
        }
    }

    /// The members that were asked themselves.
    pub(super) fn members(&self) -> Members {
        self.members
    }

    /// Those in the pool which is a member.
    pub(super) fn below(&self, member: usize) -> Option<&Self> {
        self.below.iter().find(|(known, _)| *known == member).map(|(_, asked)| asked)
    }
}
