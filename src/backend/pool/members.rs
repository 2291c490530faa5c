//! Who belongs to a pool, and what each counts for.

use super::options::PoolOptions;
use super::picker::MOST_MEMBERS;
use super::schedule::Share;
use super::url_member::UrlMember;
use crate::model::Pool;

/// The most members that Azure allows.
const MOST: usize = 30;

/// The members of a pool: those of the entity, then those by URL.
pub(in crate::backend) struct Membership<'a> {
    pub(in crate::backend) entries: Vec<Entry<'a>>,
    /// What the author should know.
    pub(in crate::backend) notes: Vec<String>,
}

/// One member.
pub(in crate::backend) struct Entry<'a> {
    /// Its id as the pool writes it, without the path before.
    pub(in crate::backend) name: String,
    pub(in crate::backend) share: Share,
    /// When it is no entity.
    pub(in crate::backend) url: Option<&'a UrlMember>,
}

/// Reads a pool; or everything that is wrong with it.
pub(in crate::backend) fn read<'a>(pool: &Pool, options: &'a PoolOptions) -> Result<Membership<'a>, Vec<String>> {
    let (mut problems, mut notes) = (Vec::new(), Vec::new());
    let (services, by_url) = (&pool.services, &options.url_members);
    let fewest = usize::from(by_url.is_empty());
    if services.len() < fewest || services.len() > MOST {
        problems.push(format!("`services` has {} members: expected {fewest} to {MOST}", services.len()));
    }
    if services.len() + by_url.len() > MOST_MEMBERS {
        let (number, most) = (services.len() + by_url.len(), MOST_MEMBERS);
        problems.push(format!("it has {number} members with those by URL: expected at most {most}"));
    }
    let mut listed: Vec<Listed<'_>> = Vec::with_capacity(services.len() + by_url.len());
    for member in services {
        let name = name_of(&member.id);
        if name.is_empty() || name.contains(['[', '{', '<']) {
            problems.push(format!(
                "`{}` is not the id of a backend: expected `/backends/name` or a resource id",
                member.id
            ));
        } else if listed.iter().any(|known| known.name.eq_ignore_ascii_case(name)) {
            problems.push(format!("`{name}` is a member twice: give it a weight instead"));
        }
        listed.push(Listed { name: name.to_owned(), weight: member.weight, priority: member.priority, url: None });
        if member.preferred_carbon_emission.is_some() {
            let why = "there is no source of carbon intensity here";
            notes.push(format!("`preferredCarbonEmission` of `{name}` has no effect: {why}"));
        }
    }
    for member in by_url {
        let name = member.name();
        if name.is_empty() {
            problems.push("a member by URL has an empty id".to_owned());
        } else if listed.iter().any(|known| known.name.eq_ignore_ascii_case(&name)) {
            problems.push(format!("`{name}` is a member twice: give it a weight, or an id of its own"));
        }
        listed.push(Listed { name, weight: member.weight, priority: member.priority, url: Some(member) });
    }
    for member in &listed {
        for (field, value) in [("weight", member.weight), ("priority", member.priority)] {
            if let Some(value) = value.filter(|value| *value > 100) {
                problems.push(format!("`{field}` of `{}` is {value}: expected 0 to 100", member.name));
            }
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    Ok(shared_out(listed, options, notes))
}

/// A member as it is written.
struct Listed<'a> {
    name: String,
    weight: Option<u32>,
    priority: Option<u32>,
    url: Option<&'a UrlMember>,
}

/// The members with what they count for, when some say nothing of it.
fn shared_out<'a>(listed: Vec<Listed<'a>>, options: &PoolOptions, mut notes: Vec<String>) -> Membership<'a> {
    let priority_of = |member: &Listed<'_>| member.priority.unwrap_or(options.absent_priority);
    if listed.iter().any(|member| member.priority.is_some()) && listed.iter().any(|m| m.priority.is_none()) {
        notes.push(format!("members without `priority` count as priority {}", options.absent_priority));
    }
    let is_weighted = |priority| listed.iter().any(|member| priority_of(member) == priority && member.weight.is_some());
    let share = |member: &Listed<'_>| {
        let priority = priority_of(member);
        let weight = member.weight.unwrap_or_else(|| if is_weighted(priority) { options.absent_weight } else { 1 });
        Share { priority, weight }
    };
    let shares: Vec<_> = listed.iter().map(share).collect();
    for (member, share) in listed.iter().zip(&shares) {
        if member.weight.is_none() && is_weighted(share.priority) {
            notes.push(format!("`{}` has no `weight`: it counts as {}", member.name, share.weight));
        }
    }
    let entry = |(member, share): (Listed<'a>, Share)| Entry { name: member.name, share, url: member.url };
    Membership { entries: listed.into_iter().zip(shares).map(entry).collect(), notes }
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
            let options = PoolOptions::new();
            let members = read(&pool(given), &options).ok().unwrap();
            let shares: Vec<_> =
                members.entries.iter().map(|entry| (entry.share.priority, entry.share.weight)).collect();
            assert_eq!((shares.as_slice(), members.notes.len()), (*expected, *notes), "{given:?} {:?}", members.notes);
        }
        let options = PoolOptions::new().absent_priority(9).absent_weight(7);
        let members = read(&pool(&[(None, None), (Some(9), Some(3))]), &options).ok().unwrap();
        assert_eq!(members.entries[0].share, Share { priority: 9, weight: 7 });
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

    #[test]
    fn members_by_url_come_after_the_others() {
        let options = PoolOptions::new()
            .member_url("https://a.example/")
            .member_url(UrlMember::new("https://b.example").id("M1").priority(2).weight(3));
        let members = read(&pool(&[(Some(1), Some(2))]), &options).ok().unwrap();
        let seen: Vec<_> = members.entries.iter().map(|e| (&*e.name, e.share.priority, e.share.weight)).collect();
        assert_eq!(seen, [("m0", 1, 2), ("https://a.example", 1, 1), ("M1", 2, 3)]);
        assert_eq!(members.notes.len(), 2, "{:?}", members.notes);
        assert!(read(&Pool::new(), &options).is_ok(), "an entity may have no members then");
        let problems = |pool: &Pool, options: &PoolOptions| read(pool, options).err().unwrap();
        assert_eq!(
            problems(&pool(&[(None, None); 31]), &options),
            [
                "`services` has 31 members: expected 0 to 30",
                "`M1` is a member twice: give it a weight, or an id of its own"
            ]
        );
        let wrong = PoolOptions::new().member_url(UrlMember::new("https://a").weight(101)).member_url("HTTPS://A/");
        assert_eq!(
            problems(&Pool::new(), &wrong),
            [
                "`https://a` is a member twice: give it a weight, or an id of its own",
                "`weight` of `https://a` is 101: expected 0 to 100"
            ]
        );
        let many = (0..127).fold(PoolOptions::new(), |o, number| o.member_url(format!("https://a/{number}")));
        assert!(read(&pool(&[(None, None)]), &many).is_ok());
        let expected = "it has 129 members with those by URL: expected at most 128";
        assert_eq!(problems(&pool(&[(None, None); 2]), &many), [expected]);
        assert_eq!(problems(&Pool::new(), &PoolOptions::new().member_url("")), ["a member by URL has an empty id"]);
    }
}
