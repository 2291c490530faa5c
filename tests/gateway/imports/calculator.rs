//! A SOAP service that speaks both versions of SOAP and insists on what they prescribe.

use gatewright::Body;
use http::{Request, Response, header};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use roxmltree::{Document, Node};

use crate::support::TestServer;

pub const SOAP_11: &str = "http://schemas.xmlsoap.org/soap/envelope/";
pub const SOAP_12: &str = "http://www.w3.org/2003/05/soap-envelope";
const SERVICE: &str = "http://calc.example.com/";

/// The service at `/calculator.asmx`: it adds two numbers, but not 13 to any; it resets; it echoes texts.
pub async fn server() -> TestServer {
    TestServer::http(answer).await
}

/// Its description, with the address of a server.
pub fn description(server: &TestServer) -> String {
    include_str!("calculator.wsdl").replace("https://calc.example.com", &server.url(""))
}

async fn answer(request: Request<Incoming>) -> Response<Body> {
    let (head, body) = request.into_parts();
    let text = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
    if head.uri != "/calculator.asmx" {
        return response(404, "text/html", format!("<h1>no page at {}</h1>", head.uri));
    }
    let header = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let document = match Document::parse(&text) {
        Ok(document) => document,
        Err(error) => return response(400, "text/plain", format!("{error}: {text}")),
    };
    let version = document.root_element().tag_name().namespace().unwrap_or_default();
    let child =
        |node: Node<'_, '_>, name: &str| node.children().find(|child| child.tag_name().name() == name).map(|n| n.id());
    let body = child(document.root_element(), "Body").and_then(|id| document.get_node(id)).unwrap();
    let call = body.first_element_child().unwrap();
    let name = call.tag_name().name();
    let action = format!("\"{SERVICE}{name}\"");
    let speaks = match version {
        SOAP_11 => header("content-type").starts_with("text/xml") && header("soapaction") == action,
        SOAP_12 => {
            header("content-type").starts_with("application/soap+xml")
                && header("content-type").contains(&format!("action={action}"))
        }
        _ => false,
    };
    if !speaks || call.tag_name().namespace() != Some(SERVICE) {
        return fault(version, "Client", &format!("not {version}: {:?}", head.headers));
    }
    let value = |name: &str| {
        call.children().find(|child| child.tag_name().name() == name).and_then(|child| child.text()).unwrap_or_default()
    };
    let result = match name {
        "Add" if [value("intA"), value("intB")].contains(&"13") => {
            return fault(version, "Client", "13 is \"unlucky\",\n\u{fc}ber all");
        }
        "Add" if value("intA") == "500" => return response(502, "text/html", "<h1>\"bad\" gateway</h1>".to_owned()),
        "Add" if value("intA") == "501" => return response(500, "text/xml", String::new()),
        "Add" => format!(
            "<AddResult>{}</AddResult>",
            value("intA").parse::<i64>().unwrap() + value("intB").parse::<i64>().unwrap()
        ),
        "Reset" => "<ok>true</ok>".to_owned(),
        _ => {
            let texts = call.descendants().filter(|node| node.tag_name().name() == "string");
            let texts = texts.map(|node| format!("<string>{}</string>", escape(node.text().unwrap_or_default())));
            let nil = call.descendants().any(|node| node.attributes().any(|a| a.name() == "nil"));
            format!("<Texts>{}</Texts>{}", texts.collect::<String>(), if nil { "<Note>nil</Note>" } else { "" })
        }
    };
    let content = format!("<{name}Response xmlns=\"{SERVICE}\">{result}</{name}Response>");
    response(200, content_type(version), envelope(version, &content))
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

pub fn content_type(version: &str) -> &'static str {
    if version == SOAP_11 { "text/xml; charset=utf-8" } else { "application/soap+xml; charset=utf-8" }
}

pub fn envelope(version: &str, content: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<S:Envelope xmlns:S=\"{version}\"><S:Body>{content}</S:Body></S:Envelope>"
    )
}

fn fault(version: &str, code: &str, text: &str) -> Response<Body> {
    let text = escape(text);
    let content = match version {
        SOAP_12 => format!(
            "<S:Fault><S:Code><S:Value>S:{code}</S:Value></S:Code><S:Reason><S:Text xml:lang=\"en\">{text}</S:Text></S:Reason></S:Fault>"
        ),
        _ => format!("<S:Fault><faultcode>S:{code}</faultcode><faultstring>{text}</faultstring></S:Fault>"),
    };
    response(500, content_type(version), envelope(version, &content))
}

fn response(status: u16, content_type: &str, body: String) -> Response<Body> {
    Response::builder().status(status).header(header::CONTENT_TYPE, content_type).body(Body::from(body)).unwrap()
}
