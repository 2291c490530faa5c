//! A configuration whose files change while it is served.

use std::path::Path;
use std::time::Duration;

use gatewright::gateway::{ConfigurationWatch, Gateway};
use gatewright::load::Options;
use tokio::sync::mpsc;

use crate::{header, send};

fn write(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

fn policy(answer: &str) -> String {
    format!(
        "<policies><inbound><return-response><set-header name=\"x-answer\"><value>{answer}</value></set-header>\
         </return-response></inbound><backend /><outbound /><on-error /></policies>"
    )
}

fn api(folder: &Path, answer: &str) {
    write(&folder.join("apis/a/api.json"), r#"{ "path": "a", "subscriptionRequired": false }"#);
    write(&folder.join("apis/a/operations/x.json"), r#"{ "method": "GET", "urlTemplate": "/x" }"#);
    write(&folder.join("apis/a/policy.xml"), &policy(answer));
}

/// Watches a folder; what is reported comes out of the channel.
fn watched(folder: &Path) -> (Gateway, mpsc::UnboundedReceiver<Result<(), String>>) {
    let watch = ConfigurationWatch::new(folder, Options::new()).interval(Duration::from_millis(5));
    let gateway = Gateway::builder().load(folder).unwrap();
    let (sender, receiver) = mpsc::unbounded_channel();
    let watching = gateway.clone();
    tokio::spawn(async move {
        let report = |outcome: Result<_, gatewright::gateway::ConfigurationError>| {
            let _ = sender.send(outcome.map(|_| ()).map_err(|error| error.to_string()));
        };
        watching.watch(watch, report).await;
    });
    (gateway, receiver)
}

/// Waits for an answer: files are not written at one moment, so that there may be reports on the way.
async fn until(gateway: &Gateway, told: &mut mpsc::UnboundedReceiver<Result<(), String>>, expected: &str) {
    while answer(gateway).await != expected {
        let _ = told.recv().await.unwrap();
    }
}

async fn answer(gateway: &Gateway) -> String {
    header(&send(gateway, "GET", "/a/x", &[]).await, "x-answer")
}

#[tokio::test]
async fn a_change_is_served_and_a_bad_one_is_told() {
    let folder = tempfile::tempdir().unwrap();
    api(folder.path(), "first");
    let (gateway, mut told) = watched(folder.path());
    assert_eq!(answer(&gateway).await, "first");
    api(folder.path(), "second one");
    until(&gateway, &mut told, "second one").await;
    write(&folder.path().join("apis/a/policy.xml"), "<policies>\n<inbound><nonsense /></inbound></policies>");
    while !matches!(told.recv().await.unwrap(), Err(problem) if problem.contains("policy.xml:2:10: ")) {}
    assert_eq!(answer(&gateway).await, "second one");
    write(&folder.path().join("apis/a/policy.xml"), &policy("third"));
    until(&gateway, &mut told, "third").await;
}

#[cfg(unix)]
#[tokio::test]
async fn a_config_map_is_swapped_by_its_link() {
    use std::os::unix::fs::symlink;

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    api(&path.join("..1"), "one");
    api(&path.join("..2"), "two");
    symlink("..1", path.join("..data")).unwrap();
    symlink("..data/apis", path.join("apis")).unwrap();
    let (gateway, mut told) = watched(path);
    assert_eq!(answer(&gateway).await, "one");
    symlink("..2", path.join("..data_tmp")).unwrap();
    std::fs::rename(path.join("..data_tmp"), path.join("..data")).unwrap();
    until(&gateway, &mut told, "two").await;
}
