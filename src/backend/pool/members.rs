//! Who belongs to a pool, and what each counts for.

use super::options::PoolOptions;
use super::schedule::Share;
use crate::model::Pool;

/// The most members that Azure allows.
const MOST: usize = 30;

/// The members of a pool.
pub(super) struct Members {
    /// Their ids as the pool writes them, without the path before.
    pub(super) names: Vec<String>,
    pub(super) shares: Vec<Share>,
    /// What the author should know.
    pub(super) notes: Vec<String>,
}

/// Reads a pool; or everything that is wrong with it.
pub(super) fn read(pool: &Pool, options: &PoolOptions) -> Result<Members, Vec<String>> {
    let (mut problems, mut notes) = (Vec::new(), Vec::new());
    let services = &pool.services;
    if services.is_empty() || services.len() > MOST {
        problems.push(format!("`services` has {} members: expected 1 to {MOST}", services.len()));
    }
    let mut names = Vec::with_capacity(services.len());
    for member in services {
        let name = name_of(&member.id);
        if name.is_empty() || name.contains(['[', '{', '<']) {
            problems.push(format!(
                "`{}` is not the id of a backend: expected `/backends/name` or a resource id",
                member.id
            ));
        } else if names.iter().any(|known: &String| known.eq_ignore_ascii_case(name)) {
            problems.push(format!("`{name}` is a member twice: give it a weight instead"));
        }
        names.push(name.to_owned());
        for (field, value) in [("weight", member.weight), ("priority", member.priority)] {
            if let Some(value) = value.filter(|value| *value > 100) {
                problems.push(format!("`{field}` of `{name}` is {value}: expected 0 to 100"));
            }
        }
        if member.preferred_carbon_emission.is_some() {
            let why = "there is no source of carbon intensity here";
            notes.push(format!("`preferredCarbonEmission` of `{name}` has no effect: {why}"));
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let priorities = || services.iter().map(|member| member.priority.unwrap_or(options.absent_priority));
    if services.iter().any(|member| member.priority.is_some()) && services.iter().any(|m| m.priority.is_none()) {
        notes.push(format!("members without `priority` count as priority {}", options.absent_priority));
    }
    let is_weighted =
        |priority| services.iter().zip(priorities()).any(|(member, own)| own == priority && member.weight.is_some());
    let mut shares = Vec::with_capacity(services.len());
    for (member, priority) in services.iter().zip(priorities()) {
        let weight = member.weight.unwrap_or_else(|| if is_weighted(priority) { options.absent_weight } else { 1 });
        if member.weight.is_none() && is_weighted(priority) {
            notes.push(format!("`{}` has no `weight`: it counts as {weight}", name_of(&member.id)));
        }
        shares.push(Share { priority, weight });
    }
    Ok(Members { names, shares, notes })
}

/// The last segment of a resource id.
fn name_of(id: &str) -> &str {
    id.trim().trim_end_matches('/').rsplit('/').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::PoolMember;

    fn pool(members: &[(Option<u32>, Option<u32>)]) -> Pool {
        members.iter().enumerate().fold(Pool::new(), |pool, (index, (priority, weight))| {
            let mut member = PoolMember::new(format!("m{index}"));
            (member.priority, member.weight) = (*priority, *weight);
            pool.member(member)
        })
    }

    #[test]
    fn what_is_absent_has_a_default() {
        type Case = (&'static [(Option<u32>, Option<u32>)], &'static [(u32, u32)], usize);
        let cases: &[Case] = &[
            (&[(None, None), (None, None)], &[(1, 1), (1, 1)], 0),
            (&[(None, None), (Some(2), None)], &[(1, 1), (2, 1)], 1),
            (&[(None, Some(80)), (None, None)], &[(1, 80), (1, 1)], 1),
            (&[(Some(1), Some(80)), (Some(2), None)], &[(1, 80), (2, 1)], 0),
            (&[(Some(0), Some(0)), (Some(1), Some(0))], &[(0, 0), (1, 0)], 0),
        ];
        for (given, expected, notes) in cases {
            let members = read(&pool(given), &PoolOptions::new()).ok().unwrap();
            let shares: Vec<_> = members.shares.iter().map(|share| (share.priority, share.weight)).collect();
            assert_eq!((shares.as_slice(), members.notes.len()), (*expected, *notes), "{given:?} {:?}", members.notes);
        }
        let options = PoolOptions::new().absent_priority(9).absent_weight(7);
        let members = read(&pool(&[(None, None), (Some(9), Some(3))]), &options).ok().unwrap();
        assert_eq!(members.shares[0], Share { priority: 9, weight: 7 });
    }

    #[test]
    fn what_cannot_be_is_reported() {
        let problems = |pool: &Pool| read(pool, &PoolOptions::new()).err().unwrap();
        assert_eq!(problems(&Pool::new()), ["`services` has 0 members: expected 1 to 30"]);
        assert_eq!(problems(&pool(&[(None, None); 31])), ["`services` has 31 members: expected 1 to 30"]);
        assert!(read(&pool(&[(None, None); 30]), &PoolOptions::new()).is_ok());
        assert_eq!(
            problems(&pool(&[(Some(101), Some(200))])),
            ["`weight` of `m0` is 200: expected 0 to 100", "`priority` of `m0` is 101: expected 0 to 100"]
        );
        let twice = Pool::new().member(PoolMember::new("/backends/a")).member(PoolMember::new("/x/backends/A/"));
        assert_eq!(problems(&twice), ["`A` is a member twice: give it a weight instead"]);
        assert!(
            problems(&Pool::new().member(PoolMember::new("/backends/[parameters('x')]")))[0].contains("not the id")
        );
    }
}
