//! `validate-parameters`: headers, query and path of the request against what the operation declares.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use super::super::compile::{Compiler, step};
use super::super::document::Node;
use super::super::error::Failure;
use super::super::exchange::Exchange;
use super::super::header_name::text;
use super::super::list::{Flow, Statement};
use super::super::pipeline::Needs;
use super::super::query;
use super::super::setting::Setting;
use super::super::spec::{Attribute, Child, Content, Section, Spec};
use super::super::validation::{
    ACTIONS, Action, OperationContract, ParameterContract, Place, Report, UNRESOLVED, check, is_available,
};
use crate::xml::Element;

const SPECIFIED: Attribute = Attribute::required("specified-parameter-action", ACTIONS).or_expression();
const UNSPECIFIED: Attribute = Attribute::required("unspecified-parameter-action", ACTIONS).or_expression();
const VARIABLE: Attribute = Attribute::optional("errors-variable-name", "the name of a variable", "none");
const NAME: Attribute = Attribute::required("name", "the name of a parameter");
const ACTION: Attribute = Attribute::required("action", ACTIONS).or_expression();
const PARAMETER: Child = Child::new("parameter", "0..n", Content::Nothing).attributes(&[NAME, ACTION]);
const HEADERS: Child =
    Child::new("headers", "0..1", Content::Elements(&[PARAMETER])).attributes(&[SPECIFIED, UNSPECIFIED]);
const QUERY: Child = Child::new("query", "0..1", Content::Elements(&[PARAMETER])).attributes(&[SPECIFIED, UNSPECIFIED]);
const PATH: Child = Child::new("path", "0..1", Content::Elements(&[PARAMETER])).attributes(&[SPECIFIED]);
const CHILDREN: &[Child] = &[HEADERS, QUERY, PATH];

pub(crate) const SPEC: Spec = Spec::new(
    "validate-parameters",
    "Checks headers, query and path of the request against what the operation declares.",
)
.once()
.sections(&[Section::Inbound])
.attributes(&[SPECIFIED, UNSPECIFIED, VARIABLE])
.content(Content::Elements(CHILDREN));

/// `validate-parameters`, compiled.
#[derive(Debug)]
pub(crate) struct ValidateParameters {
    section: Section,
    actions: Actions,
    headers: Option<Rules>,
    query: Option<Rules>,
    path: Option<Rules>,
    variable: Option<Arc<str>>,
}

/// For parameters that are declared, and for others.
#[derive(Clone, Debug)]
struct Actions {
    specified: Setting<Action>,
    unspecified: Setting<Action>,
}

/// What holds in one place.
#[derive(Debug)]
struct Rules {
    actions: Actions,
    own: Vec<(String, Setting<Action>)>,
}

pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Node> {
    let is_available = is_available(compiler, element);
    let specified = compiler.setting(element, &SPECIFIED);
    let unspecified = compiler.setting(element, &UNSPECIFIED);
    let variable = compiler.constant::<String>(element, &VARIABLE).map(Into::into);
    super::validate_jwt::in_order(compiler, element, CHILDREN);
    let (mut headers, mut query, mut path, mut is_whole) = (None, None, None, is_available);
    for child in element.elements() {
        let (known, place) = match &*child.name {
            "headers" => (&HEADERS, &mut headers),
            "query" => (&QUERY, &mut query),
            "path" => (&PATH, &mut path),
            _ => continue,
        };
        *place = Rules::compile(compiler, child, known);
        is_whole &= place.is_some();
    }
    let actions = Actions { specified: specified?, unspecified: unspecified? };
    let section = compiler.section;
    let statement = ValidateParameters { section, actions, headers, query, path, variable };
    is_whole.then(|| step("validate-parameters", statement))
}

impl Rules {
    fn compile(compiler: &mut Compiler<'_>, element: &Element, known: &Child) -> Option<Self> {
        compiler.check_child(known, element);
        let specified = compiler.setting(element, &SPECIFIED);
        let unspecified = match element.attribute(UNSPECIFIED.name) {
            Some(_) => compiler.setting(element, &UNSPECIFIED),
            // A path has no others.
            None => Some(Setting::Constant(Action::Ignore)),
        };
        let mut own = Vec::new();
        for child in element.elements().filter(|child| &*child.name == PARAMETER.element) {
            compiler.check_child(&PARAMETER, child);
            let name = compiler.constant::<String>(child, &NAME);
            own.extend(name.zip(compiler.setting(child, &ACTION)));
        }
        Some(Self { actions: Actions { specified: specified?, unspecified: unspecified? }, own })
    }

    fn needs(&self) -> Needs {
        let needs = self.actions.specified.needs() | self.actions.unspecified.needs();
        self.own.iter().fold(needs, |needs, (_, action)| needs | action.needs())
    }
}

/// Headers that belong to the connection, or that the gateway adds: nobody declares them.
pub(super) fn is_exempt(name: &str) -> bool {
    const NAMES: [&str; 7] =
        ["connection", "content-length", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"];
    NAMES.contains(&name)
}

/// One parameter of a message, with its values.
type Found<'m> = (Cow<'m, str>, Vec<Cow<'m, str>>);

/// What is compared in one place: what the operation declares, what the message has, and what nobody need declare.
struct Compared<'m> {
    declared: &'m [ParameterContract],
    found: &'m [Found<'m>],
    is_exempt: &'m dyn Fn(&str) -> bool,
}

impl ValidateParameters {
    /// The most specific action for a parameter.
    fn action(
        &self,
        rules: Option<&Rules>,
        name: &str,
        (place, is_specified): (Place, bool),
        exchange: &mut Exchange,
    ) -> Result<Action, Box<Failure>> {
        let is_same = |known: &str| match place {
            Place::RequestHeader | Place::ResponseHeader => known.eq_ignore_ascii_case(name),
            Place::Query | Place::Path => known == name,
        };
        let own = rules.and_then(|rules| rules.own.iter().find(|(known, _)| is_same(known)));
        let actions = rules.map_or(&self.actions, |rules| &rules.actions);
        let action = match own {
            Some((_, action)) => action,
            None if is_specified => &actions.specified,
            None => &actions.unspecified,
        };
        Ok(*action.get(exchange)?)
    }

    fn check(
        &self,
        report: &mut Report,
        place: Place,
        Compared { declared, found, is_exempt }: &Compared<'_>,
        exchange: &mut Exchange,
    ) -> Result<(), Box<Failure>> {
        let rules = match place {
            Place::Query => self.query.as_ref(),
            Place::Path => self.path.as_ref(),
            Place::RequestHeader | Place::ResponseHeader => self.headers.as_ref(),
        };
        let is_same = |a: &str, b: &str| if place == Place::RequestHeader { a.eq_ignore_ascii_case(b) } else { a == b };
        for parameter in *declared {
            let action = self.action(rules, &parameter.name, (place, true), exchange)?;
            let values = found.iter().find(|(name, _)| is_same(name, &parameter.name));
            check(report, action, place, parameter, values.map_or(&[], |(_, values)| values));
        }
        for (name, _) in *found {
            if is_exempt(name) || declared.iter().any(|known| is_same(name, &known.name)) {
                continue;
            }
            let action = self.action(rules, name, (place, false), exchange)?;
            let details = format!("Unspecified {} {name} is not allowed.", place.words());
            report.add(action, place.kind(), name, "Unspecified", details);
        }
        Ok(())
    }

    fn all(
        &self,
        report: &mut Report,
        contract: &OperationContract,
        exchange: &mut Exchange,
    ) -> Result<(), Box<Failure>> {
        let api = exchange.facts.api.clone();
        let (key_header, key_query) = match api.as_deref() {
            Some(api) => (&*api.subscription_key_header, &*api.subscription_key_query),
            None => ("", ""),
        };
        let headers = exchange.request.headers.clone();
        let found = headers.keys().map(|name| (name.as_str().into(), headers.get_all(name).iter().map(text).collect()));
        let found: Vec<Found<'_>> = found.collect();
        let is_own = |name: &str| is_exempt(name) || name.eq_ignore_ascii_case(key_header);
        let compared = Compared { declared: &contract.headers, found: &found, is_exempt: &is_own };
        self.check(report, Place::RequestHeader, &compared, exchange)?;

        let rest = exchange.request.rest().to_owned();
        let (mut found, mut places): (Vec<Found<'_>>, _) = (Vec::new(), HashMap::new());
        for parameter in query::parameters(query::split(&rest).1) {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            let (name, value) = (query::decode(name), Cow::Owned(query::decode(value)));
            let at = *places.entry(name.clone()).or_insert(found.len());
            match found.get_mut(at) {
                Some((_, values)) => values.push(value),
                None => found.push((name.into(), vec![value])),
            }
        }
        let is_key = |name: &str| !key_query.is_empty() && name.eq_ignore_ascii_case(key_query);
        let compared = Compared { declared: &contract.query, found: &found, is_exempt: &is_key };
        self.check(report, Place::Query, &compared, exchange)?;

        let parameters = exchange.parameters.clone();
        let is_of_path = |name: &str| contract.path.iter().any(|known| &*known.name == name);
        let found = parameters.iter().filter(|(name, _)| is_of_path(name));
        let found: Vec<Found<'_>> =
            found.map(|(name, value)| (Cow::Borrowed(&**name), vec![Cow::Borrowed(value.as_str())])).collect();
        let compared = Compared { declared: &contract.path, found: &found, is_exempt: &|_| false };
        self.check(report, Place::Path, &compared, exchange)
    }
}

impl Statement for ValidateParameters {
    fn run(&self, exchange: &mut Exchange) -> Result<Flow, Box<Failure>> {
        let mut report = Report::new(SPEC.element, self.section, self.variable.clone());
        match exchange.facts.operation.as_ref().and_then(|operation| operation.contract.clone()) {
            Some(contract) => self.all(&mut report, &contract, exchange)?,
            None => {
                let action = *self.actions.specified.get(exchange)?;
                report.add_no_schema(action, UNRESOLVED);
            }
        }
        report.finish(exchange)
    }

    fn needs(&self) -> Needs {
        let own = [&self.headers, &self.query, &self.path].into_iter().flatten();
        let own = own.fold(Needs::NONE, |needs, rules| needs | rules.needs());
        let root = self.actions.specified.needs() | self.actions.unspecified.needs();
        Needs::CONTRACT | Needs::PARAMETERS | Needs::REQUEST | own | root
    }
}
