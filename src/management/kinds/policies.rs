//! `policies` at every scope.

use serde_json::Value;

use super::super::error::Failure;
use super::super::kind::{Change, Kind, Place, Properties, View, from_properties, require, to_properties};
use super::super::policy_text;
use super::apis::{api, api_mut};
use crate::model::{Origin, Policy, PolicyFormat, Store};

/// The only name that a policy has.
const NAME: &str = "policy";

/// The document of one kind of owner.
pub(in crate::management) struct Policies {
    path: &'static [&'static str],
    /// None when the owner is not there.
    get: for<'s> fn(&'s Store, &Place) -> Option<&'s Option<Policy>>,
    get_mut: for<'s> fn(&'s mut Store, &Place) -> Option<&'s mut Option<Policy>>,
}

pub(in crate::management) static SCOPE: Policies = Policies {
    path: &["policies"],
    get: |store, at| Some(&at.entities(store)?.policy),
    get_mut: |store, at| Some(&mut at.entities_mut(store)?.policy),
};

pub(in crate::management) static PRODUCT: Policies = Policies {
    path: &["products", "policies"],
    get: |store, at| Some(&at.entities(store)?.products.get(at.name(0))?.policy),
    get_mut: |store, at| Some(&mut at.entities_mut(store)?.products.get_mut(at.name(0))?.policy),
};

pub(in crate::management) static API: Policies = Policies {
    path: &["apis", "policies"],
    get: |store, at| Some(&api(store, at)?.policy),
    get_mut: |store, at| Some(&mut api_mut(store, at)?.policy),
};

pub(in crate::management) static OPERATION: Policies = Policies {
    path: &["apis", "operations", "policies"],
    get: |store, at| Some(&api(store, at)?.operations.get(at.name(1))?.policy),
    get_mut: |store, at| Some(&mut api_mut(store, at)?.operations.get_mut(at.name(1))?.policy),
};

pub(in crate::management) static RESOLVER: Policies = Policies {
    path: &["apis", "resolvers", "policies"],
    get: |store, at| Some(&api(store, at)?.resolvers.get(at.name(1))?.policy),
    get_mut: |store, at| Some(&mut api_mut(store, at)?.resolvers.get_mut(at.name(1))?.policy),
};

impl Kind for Policies {
    fn path(&self) -> &'static [&'static str] {
        self.path
    }

    fn names(&self, store: &Store, at: &Place) -> Option<Vec<String>> {
        (self.get)(store, at).map(|policy| policy.iter().map(|_| NAME.to_owned()).collect())
    }

    fn read(&self, store: &Store, at: &Place) -> Option<Properties> {
        let policy = (self.get)(store, at)?.as_ref()?;
        at.last().eq_ignore_ascii_case(NAME).then(|| to_properties(policy))
    }

    fn show(&self, properties: &mut Properties, view: &View<'_>) -> Result<(), Failure> {
        show_text(properties, view)
    }

    fn write(&self, store: &mut Store, mut properties: Properties, change: &Change<'_>) -> Result<(), Failure> {
        if !change.at.last().eq_ignore_ascii_case(NAME) {
            return Err(Failure::validation("policyId", "the name of a policy is `policy`"));
        }
        check_text(&mut properties)?;
        let mut policy: Policy = from_properties(properties)?;
        policy.origin = Some(Origin::file(change.at.short_id(self.path)));
        let place = (self.get_mut)(store, change.at);
        *place.ok_or_else(|| Failure::not_found("The resource that it belongs to was"))? = Some(policy);
        Ok(())
    }

    fn remove(&self, store: &mut Store, change: &Change<'_>) -> Result<(), Failure> {
        if let Some(policy) = (self.get_mut)(store, change.at) {
            *policy = None;
        }
        Ok(())
    }
}

/// Refuses links, and says `xml` where no format is given.
pub(super) fn check_text(properties: &mut Properties) -> Result<(), Failure> {
    require(properties, "value")?;
    let format = properties.get("format").and_then(Value::as_str).unwrap_or("xml");
    match PolicyFormat::from(format) {
        known @ (PolicyFormat::Xml | PolicyFormat::RawXml) => {
            properties.insert("format".into(), known.as_str().into());
            Ok(())
        }
        PolicyFormat::XmlLink | PolicyFormat::RawXmlLink => {
            let message =
                format!("`format` is `{format}`, and links are not followed: put the text itself into `value`");
            Err(Failure::validation("format", message))
        }
        _ => Err(Failure::validation("format", format!("`format` is `{format}`: expected `xml` or `rawxml`"))),
    }
}

/// Gives the text in the format that the query names; `xml` by default.
pub(super) fn show_text(properties: &mut Properties, view: &View<'_>) -> Result<(), Failure> {
    let asked = view.query.get("format").unwrap_or("xml");
    let wanted = PolicyFormat::from(asked);
    if !matches!(wanted, PolicyFormat::Xml | PolicyFormat::RawXml) {
        return Err(Failure::validation("format", format!("`format` is `{asked}`: expected `xml` or `rawxml`")));
    }
    let is_kept =
        properties.get("format").and_then(Value::as_str).is_some_and(|kept| PolicyFormat::from(kept) == wanted);
    if let Some(Value::String(text)) = properties.get_mut("value").filter(|_| !is_kept) {
        *text = policy_text::in_format(text, &wanted);
    }
    properties.insert("format".into(), wanted.as_str().into());
    Ok(())
}
