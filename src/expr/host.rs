//! What an expression asks of its surroundings: every member of `context`.

mod members;

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use super::Value;
pub use members::{ApiItem, Flag, Item, List, Message, Number, Part, Text, Time, Url};

/// A certificate of `context.Deployment.Certificates`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct DeploymentCertificate {
    /// The certificate's id, the key of the dictionary.
    pub id: String,
    /// DER, PEM or PKCS#12.
    pub bytes: Vec<u8>,
    /// The password of PKCS#12; empty when there is none.
    pub password: String,
}

impl std::fmt::Debug for DeploymentCertificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DeploymentCertificate").field("id", &self.id).finish_non_exhaustive()
    }
}

/// The bytes of a message body and what its `Content-Type` says of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Body {
    /// The bytes, decoded from any transfer encoding.
    pub bytes: Vec<u8>,
    /// The value of the `Content-Type` header.
    pub content_type: Option<String>,
}

/// Why a body cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BodyError {
    /// An earlier read without `preserveContent` took it.
    Consumed,
    /// Anything else, in words.
    Failed(String),
}

/// Answers the members of `context`.
///
/// Every method has a default that is legal C# (null, empty, the system's clock), so an implementor starts with what it
/// has. Text is borrowed where it can be.
pub trait Host {
    /// Whether a member that can be null is there. Default: only the request.
    fn has(&mut self, part: Part) -> bool {
        let _ = part;
        false
    }

    /// A member that is text; None is null.
    fn text(&mut self, member: Text) -> Option<Cow<'_, str>> {
        let _ = member;
        None
    }

    /// A member that is true or false.
    fn flag(&mut self, member: Flag) -> bool {
        matches!(member, Flag::GatewayIsManaged)
    }

    /// A member that is a whole number; None is null (or 0 where null is not legal).
    fn number(&mut self, member: Number) -> Option<i64> {
        let _ = member;
        None
    }

    /// A member that is a point in time; None is null (or the earliest date where null is not legal).
    fn time(&mut self, member: Time) -> Option<SystemTime> {
        let _ = member;
        None
    }

    /// A member that is a short list.
    fn list(&mut self, member: List) -> Vec<Item> {
        let _ = member;
        Vec::new()
    }

    /// The values of a header in order, the name compared without case; none when it is missing.
    fn header_values(&mut self, message: Message, name: &str) -> Vec<Cow<'_, str>> {
        let _ = (message, name);
        Vec::new()
    }

    /// All values of a header joined with `,`, the name compared without case; None when it is missing.
    ///
    /// Default: joins [`Host::header_values`]. A host that gives a single value without a list is faster with its own.
    fn header_text(&mut self, message: Message, name: &str) -> Option<Cow<'_, str>> {
        let mut values = self.header_values(message, name).into_iter();
        let mut text = values.next()?;
        for more in values {
            let text = text.to_mut();
            text.push(',');
            text.push_str(&more);
        }
        Some(text)
    }

    /// The names of the headers, each once, as received or as they are usually written.
    fn header_names(&mut self, message: Message) -> Vec<String> {
        let _ = message;
        Vec::new()
    }

    /// A parameter of the matched URL template.
    fn matched_parameter(&mut self, name: &str) -> Option<Cow<'_, str>> {
        let _ = name;
        None
    }

    /// The names of the matched parameters, in order.
    fn matched_parameter_names(&mut self) -> Vec<String> {
        Vec::new()
    }

    /// A variable; names are case-sensitive. Borrowed where it can be: most are only compared.
    fn variable(&mut self, name: &str) -> Option<Cow<'_, Value>> {
        let _ = name;
        None
    }

    /// The names of the variables, in order.
    fn variable_names(&mut self) -> Vec<String> {
        Vec::new()
    }

    /// Reads a body; without `preserve` it is gone afterwards. Asked only when [`Host::has`] says that there is one.
    fn body(&mut self, message: Message, preserve: bool) -> Result<Body, BodyError> {
        let _ = (message, preserve);
        Err(BodyError::Failed("the message has no body".to_owned()))
    }

    /// The client's certificate, DER.
    fn request_certificate(&mut self) -> Option<Vec<u8>> {
        None
    }

    /// Whether the chain of a certificate (DER) leads to a root that the host trusts. Default: no.
    fn verify_certificate(&mut self, der: &[u8], check_revocation: bool) -> bool {
        let _ = (der, check_revocation);
        false
    }

    /// The certificates of the deployment, in order.
    fn deployment_certificates(&mut self) -> Vec<DeploymentCertificate> {
        Vec::new()
    }

    /// An argument of a GraphQL field (`parent` false), or a field of the parent object, as JSON text.
    fn graphql(&mut self, parent: bool, name: &str) -> Option<String> {
        let _ = (parent, name);
        None
    }

    /// The identifier of the request.
    fn request_id(&mut self) -> [u8; 16] {
        [0; 16]
    }

    /// Time since the request was received.
    fn elapsed(&mut self) -> Duration {
        Duration::ZERO
    }

    /// The time of day.
    fn now(&mut self) -> SystemTime {
        SystemTime::now()
    }

    /// 16 random bytes for a new Guid.
    fn new_guid(&mut self) -> [u8; 16] {
        let mut bytes = [0; 16];
        self.random_bytes(&mut bytes);
        bytes
    }

    /// A seed for `new Random()`.
    fn random_seed(&mut self) -> i32 {
        let mut bytes = [0; 4];
        self.random_bytes(&mut bytes);
        i32::from_le_bytes(bytes)
    }

    /// Fills with random bytes. Default: the system's source.
    fn random_bytes(&mut self, bytes: &mut [u8]) {
        if getrandom::fill(bytes).is_err() {
            bytes.fill(0);
        }
    }

    /// `context.Trace(message)`.
    fn trace(&mut self, message: &str) {
        let _ = message;
    }
}
