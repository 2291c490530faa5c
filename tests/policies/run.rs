//! The run loop around a service: time, streams, readiness.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use gatewright::Body;
use gatewright::forward::{CertificateName, ForwardOptions};
use gatewright::policy::{Document, Environment, PolicyLayer, Scope};
use http::{HeaderMap, Request, Response, StatusCode};
use http_body::{Body as HttpBody, Frame};
use tower::{Layer, ServiceExt, service_fn};

fn layer(inbound: &str, backend: &str, outbound: &str, on_error: &str) -> PolicyLayer {
    let text = format!(
        "<policies><inbound>{inbound}</inbound><backend>{backend}</backend><outbound>{outbound}</outbound><on-error>{on_error}</on-error></policies>"
    );
    PolicyLayer::new([Document::compile("p.xml", &text, Scope::Api, &Environment::new()).expect("it compiles")])
}

const SAY_WHY: &str = r#"<set-header name="X-Why"><value>@(context.LastError.Reason + ": " + context.LastError.Message)</value></set-header>"#;

#[tokio::test(start_paused = true)]
async fn a_backend_that_does_not_answer_in_time_is_a_timeout() {
    for attribute in [r#"timeout="20""#, r#"timeout-ms="20000""#, r#"timeout="@(10 + 10)""#] {
        let service = layer("", &format!("<forward-request {attribute} />"), "", SAY_WHY)
            .layer(service_fn(|_: Request<Body>| std::future::pending::<Result<Response<Body>, Infallible>>()));
        let start = tokio::time::Instant::now();
        let response = service.oneshot(Request::new(Body::empty())).await.unwrap();
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(response.headers()["x-why"], "Timeout: Request to the backend service timed out");
        assert_eq!(start.elapsed().as_secs(), 20, "{attribute}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_time_out_is_300_seconds_by_default_and_ends_with_the_headers() {
    let service = layer("", "<forward-request />", "", "").layer(service_fn(|_: Request<Body>| async {
        tokio::time::sleep(Duration::from_secs(299)).await;
        Ok::<_, Infallible>(Response::new(Body::new(Slow::new())))
    }));
    let response = service.oneshot(Request::new(Body::empty())).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    // The body may take as long as it likes.
    let body = response.into_body().collect(100).await.unwrap();
    assert_eq!(body.as_bytes().map(|bytes| &bytes[..]), Some(&b"late"[..]));
}

/// A body whose frames come ten minutes apart, with trailers at the end.
struct Slow {
    left: u8,
    sleep: Pin<Box<tokio::time::Sleep>>,
}

impl Slow {
    fn new() -> Self {
        Self { left: 3, sleep: Box::pin(tokio::time::sleep(Duration::from_secs(600))) }
    }
}

impl HttpBody for Slow {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        ready!(self.sleep.as_mut().poll(cx));
        self.sleep = Box::pin(tokio::time::sleep(Duration::from_secs(600)));
        let left = self.left;
        self.left = left.saturating_sub(1);
        Poll::Ready(match left {
            3 => Some(Ok(Frame::data(Bytes::from_static(b"la")))),
            2 => Some(Ok(Frame::data(Bytes::from_static(b"te")))),
            1 => {
                let mut trailers = HeaderMap::new();
                trailers.insert("x-sum", "42".parse().expect("a value"));
                Some(Ok(Frame::trailers(trailers)))
            }
            _ => None,
        })
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }
}

#[tokio::test(start_paused = true)]
async fn bodies_and_trailers_pass_through_unread() {
    let service = layer(
        r#"<set-header name="X-A"><value>1</value></set-header>"#,
        "<forward-request />",
        r#"<set-header name="X-B"><value>2</value></set-header>"#,
        "",
    )
    .layer(service_fn(|request: Request<Body>| async move {
        assert!(request.body().as_bytes().is_none(), "nobody reads the body, so it is not in memory");
        Ok::<_, Infallible>(Response::new(request.into_body()))
    }));
    let response = service.oneshot(Request::new(Slow::new())).await.unwrap();
    let mut body = Box::pin(response.into_body());
    let mut frames = Vec::new();
    while let Some(frame) = std::future::poll_fn(|cx| body.as_mut().poll_frame(cx)).await {
        let frame = frame.unwrap();
        frames.push(match frame.into_data() {
            Ok(data) => String::from_utf8(data.to_vec()).unwrap(),
            Err(frame) => format!("{:?}", frame.into_trailers().unwrap()["x-sum"]),
        });
    }
    assert_eq!(frames, ["la", "te", "\"42\""]);
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused() {
    let mut settings = gatewright::policy::EngineSettings::default();
    settings.body_limit = 3;
    let reads = r#"<set-variable name="b" value="@(context.Request.Body.As<string>(preserveContent: true))" />"#;
    let service = layer(reads, "<forward-request />", "", SAY_WHY)
        .settings(settings)
        .layer(service_fn(|_: Request<Body>| async { Ok::<_, Infallible>(Response::new(Body::empty())) }));
    for (body, status) in [("abc", 200), ("abcd", 413)] {
        let body = http_body_util::Full::new(Bytes::from(body));
        let response = service.clone().oneshot(Request::new(body)).await.unwrap();
        assert_eq!(response.status(), status);
    }
}

#[tokio::test]
async fn a_body_of_the_caller_that_breaks_off_is_the_callers_failure() {
    let reads = r#"<set-variable name="b" value="@(context.Request.Body.As<string>(preserveContent: true))" />"#;
    let service = layer(reads, "<forward-request />", "", SAY_WHY)
        .layer(service_fn(|_: Request<Body>| async { Ok::<_, Infallible>(Response::new(Body::empty())) }));
    let broken = futures_util::stream::iter([Err::<http_body::Frame<Bytes>, _>(std::io::Error::other("gone"))]);
    let response = service.oneshot(Request::new(http_body_util::StreamBody::new(broken))).await.unwrap();
    assert_eq!(response.status().as_u16(), 499);
    assert_eq!(response.headers()["x-why"], "ClientConnectionFailure: The operation was canceled.");
}

#[tokio::test]
async fn the_service_that_was_polled_ready_takes_the_request() {
    let (mut spy, mut handle) = tower_test::mock::spawn_layer(layer("", "<forward-request />", "", ""));
    handle.allow(1);
    assert!(spy.poll_ready::<Request<Body>>().is_ready());
    let answer = spy.call(Request::new(Body::empty()));
    let backend = async {
        let (request, send): (Request<Body>, _) = handle.next_request().await.expect("the request came");
        assert_eq!(request.method(), "GET");
        send.send_response(Response::new(Body::from("hi")));
    };
    let (answer, ()) = tokio::join!(answer, backend);
    assert_eq!(answer.unwrap().status(), StatusCode::OK);
    assert!(spy.poll_ready::<Request<Body>>().is_pending(), "the mock allows one request only");
}

#[tokio::test]
async fn an_inner_service_that_is_never_ready_is_a_failed_forward() {
    let (mut spy, mut handle) = tower_test::mock::spawn_layer::<Request<Body>, Response<Body>, _>(layer(
        "",
        "<forward-request />",
        "",
        SAY_WHY,
    ));
    handle.send_error("no connection to be had");
    for _ in 0..2 {
        assert!(spy.poll_ready::<Request<Body>>().is_ready(), "and is not polled again");
        let response = spy.call(Request::new(Body::empty())).await.unwrap();
        assert_eq!(response.headers()["x-why"], "BackendConnectionFailure: no connection to be had");
    }
}

#[tokio::test]
async fn the_service_learns_the_host_that_the_caller_named() {
    let cases = [
        ("https://api.example/a?b=1", "", "https://api.example/a?b=1"),
        ("https://api.example/a", "<rewrite-uri template='/b?c=1' />", "https://api.example/b?c=1"),
        ("https://api.example/a", "<set-header name='Host'><value>b</value></set-header>", "/a"),
        ("https://api.example/a", "<set-backend-service base-url='https://b.example' />", "/a"),
        ("/a?b=1", "", "/a?b=1"),
    ];
    for (given, inbound, expected) in cases {
        let service =
            layer(inbound, "<forward-request />", "", "").layer(service_fn(|request: Request<Body>| async move {
                Ok::<_, Infallible>(Response::new(Body::from(request.uri().to_string())))
            }));
        let request = Request::get(given).version(http::Version::HTTP_2).body(Body::empty()).unwrap();
        let body = service.oneshot(request).await.unwrap().into_body().collect(100).await.unwrap();
        assert_eq!(body.as_bytes().map(|bytes| &bytes[..]), Some(expected.as_bytes()), "{given} {inbound}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_retry_waits_before_each_run() {
    let retry = |attributes: &str| {
        format!(r#"<retry condition="true" count="4" interval="3" {attributes}><forward-request /></retry>"#)
    };
    for (attributes, seconds) in
        [("", 12), (r#"delta="2""#, 3 + 5 + 7 + 9), (r#"first-fast-retry="true""#, 9), (r#"max-interval="2""#, 8)]
    {
        let service = layer("", &retry(attributes), "", "")
            .layer(service_fn(|_: Request<Body>| async { Ok::<_, Infallible>(Response::new(Body::empty())) }));
        let start = tokio::time::Instant::now();
        let response = service.oneshot(Request::new(Body::empty())).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(start.elapsed().as_secs(), seconds, "{attributes}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_caller_who_goes_away_gives_the_slot_back() {
    let limited = r#"<limit-concurrency key="k" max-count="1"><forward-request /></limit-concurrency>"#;
    let service = layer("", limited, "", "").layer(service_fn(|_: Request<Body>| async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        Ok::<_, Infallible>(Response::new(Body::empty()))
    }));
    let call = || service.clone().oneshot(Request::new(Body::empty()));
    let mut first = Box::pin(call());
    assert!(std::future::poll_fn(|cx| Poll::Ready(first.as_mut().poll(cx).is_pending())).await);
    assert_eq!(call().await.unwrap().status(), StatusCode::TOO_MANY_REQUESTS);
    drop(first);
    let (one, two) = tokio::join!(call(), call());
    assert_eq!((one.unwrap().status(), two.unwrap().status()), (StatusCode::OK, StatusCode::TOO_MANY_REQUESTS));
    assert_eq!(call().await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn the_service_is_told_what_policies_ask_of_the_way() {
    for (inbound, forward, expected) in [
        ("", "", None),
        (r#"<proxy url="http://p.example:81" />"#, "", Some("proxy p.example:81")),
        (r#"<authentication-certificate certificate-id="c" />"#, "", Some("certificate c")),
        ("", r#"http-version="2""#, Some("version Http2")),
    ] {
        let layer = layer(inbound, &format!("<forward-request {forward} />"), "", "");
        let told = service_fn(|request: Request<Body>| async move {
            let options = request.extensions().get::<ForwardOptions>();
            let told = options.map(|options| match (&options.proxy, &options.certificate) {
                (Some(proxy), _) => format!("proxy {}", proxy.authority()),
                (_, Some(CertificateName::Id(id))) => format!("certificate {id}"),
                _ => format!("version {:?}", options.http_version),
            });
            Ok::<_, Infallible>(Response::new(Body::from(told.unwrap_or_default())))
        });
        let response = layer.layer(told).oneshot(Request::new(Body::empty())).await.unwrap();
        let body = response.into_body().collect(1_000).await.unwrap();
        let body = body.as_bytes().map(|bytes| String::from_utf8(bytes.to_vec()).unwrap());
        assert_eq!(body.as_deref(), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn trailers_stay_behind_a_body_that_was_read() {
    let read = |message: &str| {
        let body = format!("context.{message}.Body.As<string>(preserveContent: true)");
        format!(r#"<set-variable name="n" value="@({body}.Length)" />"#)
    };
    let replace = r#"<set-body>new</set-body>"#.to_owned();
    let cases = [
        (read("Request"), String::new(), Some("42")),
        (String::new(), read("Response"), Some("42")),
        (read("Request"), read("Response"), Some("42")),
        (String::new(), replace, None),
    ];
    for (inbound, outbound, expected) in cases {
        let service = layer(&inbound, "<forward-request />", &outbound, "").layer(service_fn(
            |request: Request<Body>| async move { Ok::<_, Infallible>(Response::new(request.into_body())) },
        ));
        let response = service.oneshot(Request::new(Slow::new())).await.unwrap();
        let mut body = Box::pin(response.into_body());
        let mut trailers = None;
        while let Some(frame) = std::future::poll_fn(|cx| body.as_mut().poll_frame(cx)).await {
            trailers = frame.unwrap().into_trailers().ok();
        }
        let sum = trailers.as_ref().and_then(|trailers| trailers.get("x-sum")).map(|value| value.to_str().unwrap());
        assert_eq!(sum, expected, "{inbound} {outbound}");
    }
}
