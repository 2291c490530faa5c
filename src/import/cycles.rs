//! Finds what contains itself.

/// The nodes of a graph that lie on a cycle (Tarjan, without recursion).
pub(super) fn in_cycles(edges: &[Vec<usize>]) -> Vec<usize> {
    const NEW: usize = usize::MAX;
    let mut index = vec![NEW; edges.len()];
    let mut low = vec![0; edges.len()];
    let mut on_stack = vec![false; edges.len()];
    let (mut stack, mut cycles, mut counter) = (Vec::new(), Vec::new(), 0);
    for start in 0..edges.len() {
        if index[start] != NEW {
            continue;
        }
        let mut work = vec![(start, 0)];
        while let Some((node, edge)) = work.pop() {
            if edge == 0 {
                (index[node], low[node]) = (counter, counter);
                counter += 1;
                stack.push(node);
                on_stack[node] = true;
            } else {
                let child = edges[node][edge - 1];
                low[node] = low[node].min(low[child]);
            }
            let unseen = (edge..edges[node].len()).find(|&next| {
                let child = edges[node][next];
                if index[child] != NEW && on_stack[child] {
                    low[node] = low[node].min(index[child]);
                }
                index[child] == NEW
            });
            if let Some(next) = unseen {
                work.push((node, next + 1));
                work.push((edges[node][next], 0));
            } else if low[node] == index[node] {
                let first = stack.iter().rposition(|&on| on == node).unwrap_or_default();
                let component = stack.split_off(first);
                component.iter().for_each(|&member| on_stack[member] = false);
                if component.len() > 1 || edges[node].contains(&node) {
                    cycles.extend(component);
                }
            }
        }
    }
    cycles
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_cycles() {
        for (edges, expected) in [
            (vec![vec![1], vec![2], vec![0], vec![0], vec![4], vec![]], vec![0, 1, 2, 4]),
            (vec![vec![1, 2], vec![], vec![1, 3], vec![2]], vec![2, 3]),
            (vec![vec![1], vec![]], vec![]),
        ] {
            let mut found = in_cycles(&edges);
            found.sort_unstable();
            assert_eq!(found, expected, "{edges:?}");
        }
    }
}
