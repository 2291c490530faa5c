//! `xsl-transform` in processes of its own: the same results, and bombs that end.

use std::time::Duration;

use gatewright::policy::XslWorkers;
use gatewright::testing::{Answer, Outcome, PolicyTest};

const XSL: &str = "http://www.w3.org/1999/XSL/Transform";

/// The process that transforms.
#[test]
#[ignore = "run by the other tests"]
fn worker() {
    XslWorkers::of_this_program().unwrap();
    panic!("it is no worker");
}

fn workers() -> XslWorkers {
    let arguments = ["--exact", "xsl::worker", "--ignored", "--nocapture"].map(Into::into);
    XslWorkers::of(std::env::current_exe().unwrap(), arguments).memory_limit(64 << 20)
}

async fn transformed(workers: Option<&XslWorkers>, sheet: &str, body: &str, limit: Duration) -> Outcome {
    let policies = format!(
        "<policies><inbound /><backend><forward-request /></backend><outbound><xsl-transform>\
         <parameter name='who'>@(context.Request.Method + \"'\")</parameter>\
         <xsl:stylesheet version='1.0' xmlns:xsl='{XSL}'>{sheet}</xsl:stylesheet></xsl-transform></outbound></policies>"
    );
    let test = PolicyTest::new(policies).request("GET", "/").backend(Answer::new(200).body(body.to_owned()));
    let test = test.settings(|settings| {
        settings.xsl_workers = workers.cloned();
        settings.xsl_time_limit = limit;
        settings.body_limit = 1 << 20;
    });
    test.run().await
}

const LONG: Duration = Duration::from_secs(60);

/// `n` calls of itself, twice each: two to the power of `n` elements.
const DOUBLING: &str = "<xsl:template match='/'><r><xsl:call-template name='d'><xsl:with-param name='n' select='40'/></xsl:call-template></r></xsl:template>\
    <xsl:template name='d'><xsl:param name='n'/><xsl:if test='$n &gt; 0'>WHAT\
    <xsl:call-template name='d'><xsl:with-param name='n' select='$n - 1'/></xsl:call-template>\
    <xsl:call-template name='d'><xsl:with-param name='n' select='$n - 1'/></xsl:call-template></xsl:if></xsl:template>";

#[tokio::test]
async fn results_are_the_same() {
    let workers = workers();
    for (sheet, body) in [
        (
            "<xsl:param name='who'/><xsl:template match='/'><a b='{$who}'><xsl:copy-of select='/*'/></a></xsl:template>",
            "<r>\u{e9}</r>",
        ),
        (
            "<xsl:output method='text' encoding='iso-8859-1'/><xsl:template match='/'><xsl:value-of select='.'/></xsl:template>",
            "<r>\u{e9}</r>",
        ),
        ("<xsl:template match='/'><html><br/></html></xsl:template>", "<?xml version='1.0' encoding='utf-8'?><r/>"),
        ("<xsl:template match='/'><xsl:message terminate='yes'>no</xsl:message></xsl:template>", "<r/>"),
        (
            "<xsl:template match='/'><xsl:for-each select='//i'><xsl:copy-of select='/'/></xsl:for-each></xsl:template>",
            &format!("<r>{}</r>", "<i/>".repeat(3_000)),
        ),
    ] {
        let here = transformed(None, sheet, body, LONG).await;
        let there = transformed(Some(&workers), sheet, body, LONG).await;
        assert_eq!((there.status(), there.body()), (here.status(), here.body()), "{sheet}");
    }
}

#[tokio::test]
async fn a_bomb_ends_and_the_next_one_is_served() {
    let workers = workers();
    let memory = DOUBLING.replace("WHAT", "<text>0123456789012345678901234567890123456789</text>");
    let time = DOUBLING.replace("WHAT", "");
    for (sheet, limit, reason) in
        [(&memory, LONG, "The stylesheet "), (&time, Duration::from_millis(300), "took more than 0.3 s")]
    {
        let outcome = transformed(Some(&workers), sheet, "<r/>", limit).await;
        outcome.assert_status(500);
        // libxslt says of memory that it stopped, when it has not ended with its process.
        let error = outcome.error().unwrap();
        assert_eq!(&*error.reason, "XslTransformFailed");
        assert!(error.message.contains(reason), "{}", error.message);
        let fine = "<xsl:template match='/'><ok/></xsl:template>";
        transformed(Some(&workers), fine, "<r/>", LONG).await.assert_status(200);
    }
}

#[tokio::test]
async fn what_is_no_worker_is_told() {
    let workers = XslWorkers::of("/bin/true", []);
    let outcome = transformed(Some(&workers), "<xsl:template match='/'/>", "<r/>", LONG).await;
    let message = outcome.error().unwrap().message.to_string();
    assert!(message.contains("does not call `XslWorkers::of_this_program` first of all"), "{message}");
}
