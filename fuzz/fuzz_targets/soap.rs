//! SOAP: whatever `Content-Type`, `SOAPAction`, URL and body say of an action, a SOAP API answers. The first three lines are
//! the content type, the header and the query; the rest is the body, which may be of several parts.
#![no_main]

use std::pin::pin;
use std::sync::LazyLock;
use std::task::{Context, Poll, Waker};

use gatewright::Body;
use gatewright::backend::Transport;
use gatewright::gateway::Gateway;
use gatewright::model::{Api, ApiEntry, ApiKind, Operation, Policy, Store};
use http::{HeaderValue, Request};
use libfuzzer_sys::fuzz_target;
use tower::Service;

static GATEWAYS: LazyLock<[Gateway; 2]> = LazyLock::new(|| {
    [false, true].map(|takes_any| {
        let mut entry = ApiEntry::new(Api::new("s").subscription_required(false).kind(ApiKind::Soap));
        entry.operations.insert("a", Operation::new("POST", "/?soapAction=urn:a").display_name("A").into());
        entry.operations.insert("b", Operation::new("POST", "/?soapAction=b").display_name("b").into());
        if takes_any {
            entry.operations.insert("any", Operation::new("POST", "/?soapAction={any}").display_name("any").into());
        }
        let answer = "<return-response><set-body>@(context.Operation.Id)</set-body></return-response>";
        entry.policy = Some(Policy::new(format!("<policies><inbound>{answer}</inbound></policies>")));
        let mut store = Store::new();
        store.service.apis.insert("s", entry);
        let transport = Transport::builder().native_roots(false).build().unwrap();
        Gateway::builder().transport(transport).build(&store).unwrap()
    })
});

fuzz_target!(|data: &[u8]| {
    let mut lines = data.splitn(4, |byte| *byte == b'\n');
    let mut line = || lines.next().unwrap_or_default();
    let (content_type, action, query, body) = (line(), line(), line(), line());
    let url = format!("/s?{}", String::from_utf8_lossy(query));
    for gateway in &*GATEWAYS {
        let Ok(mut request) = Request::post(&url).body(Body::from(body.to_vec())) else { return };
        for (name, value) in [("content-type", content_type), ("soapaction", action)] {
            let Ok(value) = HeaderValue::from_bytes(value) else { return };
            request.headers_mut().insert(name, value);
        }
        let mut answer = pin!(gateway.clone().call(request));
        let Poll::Ready(Ok(response)) = answer.as_mut().poll(&mut Context::from_waker(Waker::noop())) else {
            panic!("it waits: {url}")
        };
        assert!([200, 404].contains(&response.status().as_u16()), "{}: {url}", response.status());
    }
});
