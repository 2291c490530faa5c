//! What it takes to find the operation of a request, against `matchit` on the same paths.
//!
//! Each iteration matches 4096 shuffled paths, so that one hot path cannot be learned by the branch predictor.

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use gatewright::gateway::{ApiRoute, OperationRoute, Route, Router, UrlTemplate};
use http::{HeaderMap, Method, Uri};

const PATHS: usize = 4096;
const OPERATIONS: [usize; 3] = [100, 1_000, 10_000];

fn main() {
    divan::main();
}

/// Two templates for each resource: `/items/{id}` and `/items/{id}/parts/{part}`, and the paths to match.
struct Set {
    resources: usize,
    uris: Vec<Uri>,
}

impl Set {
    fn new(operations: usize) -> Self {
        let resources = operations / 2;
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut random = move |below: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 33) as usize % below
        };
        let uris = (0..PATHS)
            .map(|_| {
                let (resource, id, part) = (random(resources), 100_000 + random(900_000), random(1_000));
                let path = match random(2) {
                    0 => format!("/api/r{resource}/items/{id}"),
                    _ => format!("/api/r{resource}/items/{id}/parts/p{part}"),
                };
                path.parse().unwrap()
            })
            .collect();
        Self { resources, uris }
    }

    fn operations(prefix: &str) -> [OperationRoute; 2] {
        ["items/{id}", "items/{id}/parts/{part}"].map(|path| OperationRoute {
            method: Method::GET,
            template: UrlTemplate::parse(&format!("{prefix}/{path}")).unwrap(),
        })
    }

    fn one_api(&self) -> Router {
        let operations = (0..self.resources).flat_map(|r| Self::operations(&format!("/r{r}"))).collect();
        Router::new(vec![api("api".to_owned(), operations)]).unwrap()
    }

    fn many_apis(&self) -> Router {
        let apis = (0..self.resources).map(|r| api(format!("api/r{r}"), Self::operations("").into()));
        Router::new(apis.collect()).unwrap()
    }

    fn bench(&self, bencher: Bencher, mut matches: impl FnMut(&Uri) -> bool) {
        assert!(self.uris.iter().all(&mut matches));
        bencher.counter(ItemsCount::new(PATHS)).bench_local(|| {
            for uri in &self.uris {
                black_box(matches(black_box(uri)));
            }
        });
    }
}

fn api(path: String, operations: Vec<OperationRoute>) -> ApiRoute {
    ApiRoute {
        hosts: Vec::new(),
        path,
        version: None,
        revision: "1".to_owned(),
        is_current: true,
        is_online: true,
        operations,
    }
}

fn ours(bencher: Bencher, set: &Set, router: &Router) {
    let headers = HeaderMap::new();
    set.bench(bencher, |uri| matches!(router.find(&Method::GET, uri, &headers), Route::Operation(..)));
}

#[divan::bench(args = OPERATIONS)]
fn one_api(bencher: Bencher, operations: usize) {
    let set = Set::new(operations);
    ours(bencher, &set, &set.one_api());
}

#[divan::bench(args = OPERATIONS)]
fn many_apis(bencher: Bencher, operations: usize) {
    let set = Set::new(operations);
    ours(bencher, &set, &set.many_apis());
}

#[divan::bench(args = OPERATIONS)]
fn matchit(bencher: Bencher, operations: usize) {
    let set = Set::new(operations);
    let mut router = matchit::Router::new();
    for resource in 0..set.resources {
        router.insert(format!("/api/r{resource}/items/{{id}}"), resource).unwrap();
        router.insert(format!("/api/r{resource}/items/{{id}}/parts/{{part}}"), resource).unwrap();
    }
    set.bench(bencher, |uri| router.at(uri.path()).is_ok());
}
