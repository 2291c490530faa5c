//! One of four members fails half of its requests: what a client sees of it.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior};

use crate::Fault;
use crate::cpu::{ask, connect, start};

const CONNECTIONS: usize = 64;
const A_SECOND: u32 = 2_000;

pub async fn count(requests: usize) -> Result<(), Fault> {
    let origins = [
        start("origin", &[], &[])?,
        start("origin", &[], &[])?,
        start("origin", &[], &[])?,
        start("origin", &[], &["--fails", "yes"])?,
    ];
    let origins: Vec<_> = origins.iter().collect();
    let addresses: Vec<_> = origins.iter().map(|origin| origin.address.as_str()).collect();
    println!("{requests} requests at {A_SECOND} a second, one of four members fails half of its requests with 503");
    for (title, role, aim) in [("breaker of 5 failures, 30 s", "lb", 5), ("breaker, and `retry`", "lbr", 0)] {
        let peer = start(role, &addresses, &[])?;
        let errors = run(&peer.address, requests).await?;
        println!("{title:58} {errors:>9} errors   aim {aim}");
    }
    println!();
    Ok(())
}

/// A request goes out at its time, over whichever connection is free.
async fn run(address: &str, requests: usize) -> Result<usize, Fault> {
    let (errors, left) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(requests)));
    let mut connections = Vec::new();
    for number in 0..CONNECTIONS {
        let (mut connection, errors, left) = (connect(address).await?, errors.clone(), left.clone());
        connections.push(tokio::task::spawn_local(async move {
            let first = Instant::now() + Duration::from_secs(1) * u32::try_from(number)? / A_SECOND;
            let mut ticks =
                tokio::time::interval_at(first, Duration::from_secs(1) * u32::try_from(CONNECTIONS)? / A_SECOND);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            while left.get() > 0 {
                ticks.tick().await;
                left.set(left.get().saturating_sub(1));
                if ask(&mut connection).await? >= 500 {
                    errors.set(errors.get() + 1);
                }
            }
            Ok::<_, Fault>(())
        }));
    }
    for connection in connections {
        connection.await??;
    }
    Ok(errors.get())
}
