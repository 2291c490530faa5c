//! `kill -9` at random points: what was answered is there after a restart, and nothing is there by half.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::SystemTime;

use gatewright::Body;
use gatewright::backend::Transport;
use gatewright::gateway::Gateway;
use gatewright::management::{BearerToken, Folder, FolderError, Management};
use gatewright::model::Store;
use http::Request;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::{SERVICE, TOKEN};

/// How often in all, by how many threads.
const KILLS: usize = 200;
const THREADS: usize = 4;

/// The change of a number: one file; many files that come and go at once; a file that comes and goes.
fn change(number: i64) -> (&'static str, &'static str, Value) {
    match number.rem_euclid(3) {
        0 => ("PUT", "/namedValues/n", json!({"displayName": "n", "value": number.to_string(), "secret": true})),
        1 => {
            let operation =
                |id: String| json!({"get": {"operationId": id, "responses": {"200": {"description": "ok"}}}});
            let paths: serde_json::Map<String, Value> =
                (0..4).map(|part| (format!("/{number}/{part}"), operation(format!("o-{number}-{part}")))).collect();
            let document = json!({
                "openapi": "3.0.1", "info": {"title": format!("t{number}"), "version": "1"},
                "servers": [{"url": "https://b.internal"}], "paths": paths,
            });
            let value = document.to_string();
            (
                "PUT",
                "/apis/a",
                json!({"displayName": format!("t{number}"), "path": "a", "format": "openapi+json", "value": value}),
            )
        }
        _ if number.rem_euclid(2) == 0 => ("PUT", "/products/p", json!({"displayName": number.to_string()})),
        _ => ("DELETE", "/products/p", Value::Null),
    }
}

/// What a store is after the changes up to a number.
fn expected(last: i64) -> [Vec<String>; 3] {
    let newest = |kind: i64| (0..=last).rev().find(|number| number % 3 == kind);
    [
        newest(0).map(|number| number.to_string()).into_iter().collect(),
        newest(1).map(|number| (0..4).map(|part| format!("t{number} o-{number}-{part}")).collect()).unwrap_or_default(),
        newest(2).filter(|number| number % 2 == 0).map(|number| number.to_string()).into_iter().collect(),
    ]
}

/// The same of a store.
fn found(store: &Store) -> [Vec<String>; 3] {
    let all = &store.service;
    let value = all.named_values.iter().map(|(_, value)| value.value.as_ref().unwrap().expose().to_owned());
    let operations = all.apis.iter().flat_map(|(_, entry)| {
        let title = entry.api.display_name.clone().unwrap();
        entry
            .operations
            .iter()
            .map(move |(_, operation)| format!("{title} {}", operation.operation.display_name.as_deref().unwrap()))
    });
    let products = all.products.iter().map(|(_, entry)| entry.product.display_name.clone().unwrap());
    [value.collect(), operations.collect(), products.collect()]
}

/// The process that is killed: makes one change after the other, and tells each that was answered.
#[test]
#[ignore = "run by the other test"]
fn child() {
    let (folder, first) = (std::env::var("TEST_FOLDER").unwrap(), std::env::var("TEST_FIRST").unwrap());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        // The other test starts processes in several threads: one that is not quite there has its files for a moment.
        let (folder, loaded) = loop {
            match Folder::open(&folder) {
                Ok(opened) => break opened,
                Err(FolderError::InUse(_)) => std::thread::yield_now(),
                Err(error) => panic!("{error}"),
            }
        };
        let transport = Transport::builder().native_roots(false).build().unwrap();
        let gateway = Gateway::builder().transport(transport).build(&loaded.store).unwrap();
        let management = Management::new(gateway, loaded.store, BearerToken::new(TOKEN)).folder(folder);
        for number in first.parse().unwrap().. {
            let (method, path, properties) = change(number);
            let request = Request::builder()
                .method(method)
                .uri(format!("{SERVICE}{path}?api-version=2024-05-01"))
                .header("authorization", format!("Bearer {TOKEN}"))
                .header("if-match", "*")
                .body(Body::from(json!({ "properties": properties }).to_string()))
                .unwrap();
            let status = management.clone().oneshot(request).await.unwrap().status();
            assert!(status.is_success(), "{number}: {status}");
            let mut out = std::io::stdout();
            writeln!(out, "answered {number}").unwrap();
            out.flush().unwrap();
        }
    });
}

fn start(folder: &Path, first: i64) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "kill::child", "--ignored", "--nocapture", "--test-threads=1"])
        .env("TEST_FOLDER", folder)
        .env("TEST_FIRST", first.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Numbers from a seed.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

/// Kills again and again; how often, and how many of the kills found a change on its way.
fn kill_often(seed: u64) -> (usize, usize) {
    // A process that is killed takes nothing with it that it wrote: no disk has to be waited for.
    let memory = Path::new("/dev/shm");
    let temporary = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap();
    let folder = temporary.path().join("config");
    let mut numbers = Numbers(seed);
    let (mut last, mut kills, mut on_the_way) = (-1, 0, 0);
    while kills < KILLS / THREADS {
        let mut child = start(&folder, last + 1);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut answered = last;
        let wanted = last + i64::try_from(numbers.below(8)).unwrap();
        let take = |line: std::io::Result<String>, answered: &mut i64| {
            if let Some((_, number)) = line.unwrap().split_once("answered ") {
                *answered = number.trim().parse().unwrap();
            }
        };
        while answered < wanted {
            take(lines.next().expect("the child ends by itself"), &mut answered);
        }
        (0..numbers.below(300_000)).for_each(|_| std::hint::spin_loop());
        child.kill().unwrap();
        child.wait().unwrap();
        lines.for_each(|line| take(line, &mut answered));
        kills += 1;

        on_the_way += usize::from(folder.join(".gatewright/journal.json").exists());
        if !folder.exists() {
            assert_eq!(answered, -1);
            continue;
        }
        let (_, loaded) = Folder::open(&folder).unwrap_or_else(|error| panic!("after {answered}: {error}"));
        let found = found(&loaded.store);
        last = match () {
            () if found == expected(answered) => answered,
            // It had been made, and the answer was on its way.
            () if found == expected(answered + 1) => answered + 1,
            () => panic!("answered {answered}: {found:?} instead of {:?}", expected(answered)),
        };
    }
    (kills, on_the_way)
}

#[test]
fn nothing_that_was_answered_is_lost() {
    let began = SystemTime::now();
    let threads: Vec<_> = (1..=THREADS).map(|seed| std::thread::spawn(move || kill_often(seed as u64))).collect();
    let counts = threads.into_iter().map(|thread| thread.join().unwrap());
    let (kills, on_the_way) = counts.fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    println!("{kills} kills, {on_the_way} of them within a change of many files, {:?}", began.elapsed().unwrap());
    assert_eq!(kills, KILLS);
    assert!(on_the_way > 0, "no kill came within a change of many files");
}
