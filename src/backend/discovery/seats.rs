//! How many addresses of each host are members, when a pool has no room for all.

/// What each host gets of the room when it has found so many addresses: all of them when there is room, and otherwise no more
/// than another one, unless that one needs less. Each gets one as long as there is one for each.
pub(super) fn shared_out(found: &[usize], room: usize) -> Vec<usize> {
    let mut given = vec![0; found.len()];
    let mut left = room;
    loop {
        let needy = given.iter().zip(found).filter(|(given, found)| given < found).count();
        if needy == 0 || left == 0 {
            return given;
        }
        let each = (left / needy).max(1);
        for (given, found) in given.iter_mut().zip(found) {
            let more = each.min(found.saturating_sub(*given)).min(left);
            *given += more;
            left -= more;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn who_needs_less_leaves_the_rest_to_others() {
        let cases: [(&[usize], usize, &[usize]); 6] = [
            (&[3, 5], 128, &[3, 5]),
            (&[300, 2], 128, &[126, 2]),
            (&[300, 300, 2], 127, &[63, 62, 2]),
            (&[300, 1, 300], 3, &[1, 1, 1]),
            (&[0, 4], 2, &[0, 2]),
            (&[], 9, &[]),
        ];
        for (found, room, expected) in cases {
            assert_eq!(shared_out(found, room), expected, "{found:?} in {room}");
        }
    }

    proptest! {
        #[test]
        fn all_room_is_used_and_nobody_is_put_at_a_disadvantage(
            found in prop::collection::vec(0_usize..300, 0..20),
            room in 0_usize..200,
        ) {
            let given = shared_out(&found, room);
            prop_assert_eq!(given.iter().sum::<usize>(), room.min(found.iter().sum()));
            for (index, (own, needed)) in given.iter().zip(&found).enumerate() {
                prop_assert!(own <= needed);
                // Whoever lacks something has no more than one less than any other.
                prop_assert!(own == needed || given.iter().all(|other| *other <= own + 1), "{} of {:?}", index, given);
            }
        }
    }
}
