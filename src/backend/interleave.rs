//! Runs threads in every order of their steps, for tests of what they share.

/// One thread: each call is one step, which is atomic for the others; false when there is none left.
pub(crate) trait Thread<W> {
    /// The next step.
    fn step(&mut self, world: &mut W) -> bool;
}

/// Runs the threads that `make` gives in every order, and `check` after each run; gives the number of orders.
pub(crate) fn every_order<W>(
    make: impl Fn() -> (W, Vec<Box<dyn Thread<W>>>),
    check: impl Fn(&mut W, &[usize]),
) -> usize {
    let mut order: Vec<usize> = Vec::new();
    let mut runs = 0;
    loop {
        let (mut world, mut threads) = make();
        let mut alive = vec![true; threads.len()];
        let mut at = 0;
        let mut taken = Vec::new();
        // Follows the order as far as it is given, then takes the first thread that lives.
        while alive.contains(&true) {
            let wanted = order.get(at).copied().unwrap_or(0);
            let Some(next) = (wanted..threads.len()).find(|thread| alive[*thread]) else { break };
            alive[next] = threads[next].step(&mut world);
            taken.push((next, alive.clone()));
            at += 1;
        }
        let path: Vec<_> = taken.iter().map(|(thread, _)| *thread).collect();
        check(&mut world, &path);
        runs += 1;
        // The last choice that can be another, given who lived before it.
        let living = |at: usize| at.checked_sub(1).map_or(vec![true; threads.len()], |before| taken[before].1.clone());
        let next = (0..path.len()).rev().find_map(|at| {
            let later = (path[at] + 1..threads.len()).find(|thread| living(at)[*thread])?;
            Some((at, later))
        });
        let Some((at, later)) = next else { return runs };
        order = path[..at].to_vec();
        order.push(later);
    }
}

#[test]
fn all_orders_are_run() {
    struct Steps(u32);
    impl Thread<Vec<u32>> for Steps {
        fn step(&mut self, world: &mut Vec<u32>) -> bool {
            self.0 -= 1;
            world.push(self.0);
            self.0 > 0
        }
    }
    let threads =
        || -> Vec<Box<dyn Thread<Vec<u32>>>> { vec![Box::new(Steps(3)), Box::new(Steps(3)), Box::new(Steps(2))] };
    // 8! / (3! 3! 2!)
    assert_eq!(every_order(|| (Vec::new(), threads()), |world, _| assert_eq!(world.len(), 8)), 560);
}
