//! Which values variables of a request can hold.

use super::Value;
use crate::expr::types::{Ty, TypeId, is_subtype};

impl Value {
    /// Whether a variable can hold it: what API Management's reference lists for `set-variable` (JSON, numbers, texts,
    /// dates, time spans, GUIDs), collections, and what `context` and policies give.
    pub(crate) fn is_storable(&self) -> bool {
        match self {
            Self::DateTimeOffset(_) | Self::Enum(..) => false,
            Self::Object(object) => is_storable(&object.0.ty()),
            _ => true,
        }
    }
}

fn is_storable(ty: &Ty) -> bool {
    match ty {
        Ty::Array(..) => true,
        Ty::Generic(id, _) => {
            let name = id.decl().name;
            ["System.Collections.", "System.Linq.", "Newtonsoft.Json.Linq."].iter().any(|space| name.starts_with(space))
        }
        // Those of `context` have no namespace.
        Ty::Named(id) if !id.decl().name.contains('.') => true,
        Ty::Named(TypeId::X509Certificate2) => true,
        Ty::Named(_) => is_subtype(ty, &Ty::Named(TypeId::JToken)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use crate::expr::{Budget, Expression, JsonHost, Library};

    #[test]
    fn data_can_be_stored_and_tools_cannot() {
        for (source, expected) in [
            ("null", true),
            ("1.5m", true),
            ("'x'", true),
            ("DateTime.UtcNow", true),
            ("TimeSpan.Zero", true),
            ("Guid.Empty", true),
            ("new byte[] { 1 }", true),
            ("JObject.Parse(\"{}\")", true),
            ("new JProperty(\"a\", 1)", true),
            ("new List<int> { 1 }", true),
            ("new Dictionary<string, object>()", true),
            ("new HashSet<string>()", true),
            ("new [] { 1 }.Where(n => n > 0)", true),
            ("new [] { 1 }.GroupBy(n => n)", true),
            ("DateTimeOffset.UtcNow", false),
            ("DayOfWeek.Friday", false),
            ("new XElement(\"a\")", false),
            ("XDocument.Parse(\"<a/>\")", false),
            ("new Uri(\"https://a.example\")", false),
            ("new Regex(\"a\")", false),
            ("new Random()", false),
            ("new StringBuilder()", false),
            ("Tuple.Create(1, 2)", false),
            ("new { a = 1 }", false),
            ("new Exception(\"a\")", false),
            ("new Func<int>(() => 1)", false),
        ] {
            let expression = Expression::compile(&format!("@({source})"), &Library::lenient());
            let expression = expression.unwrap_or_else(|errors| panic!("{source}: {errors:?}"));
            let value = expression.eval(&mut JsonHost::default(), &Budget::default());
            let value = value.unwrap_or_else(|error| panic!("{source}: {error}"));
            assert_eq!(value.is_storable(), expected, "{source}: {}", value.type_name());
        }
    }
}
