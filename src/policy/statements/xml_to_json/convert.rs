//! XML to JSON text.

use std::borrow::Cow;
use std::collections::HashMap;

use super::super::super::markup::{Kind, Markup, MarkupError, NodeId, is_blank, local_name};
use super::JsonKind;
use crate::expr::json::text::quoted;

/// How XML becomes JSON.
#[derive(Clone, Copy, Debug)]
pub(super) struct Options {
    pub(super) kind: JsonKind,
    pub(super) always_arrays: bool,
    pub(super) keeps_space: bool,
    pub(super) empty_as_null: bool,
    pub(super) trims: bool,
    /// How many nodes and attributes there may be.
    pub(super) nodes: usize,
}

/// The JSON of a document.
pub(super) fn convert(xml: &str, options: Options) -> Result<String, MarkupError> {
    let markup = Markup::parse(xml, options.nodes)?;
    let mut writer = Writer { markup: &markup, options, out: String::with_capacity(xml.len()) };
    writer.document();
    Ok(writer.out)
}

struct Writer<'a> {
    markup: &'a Markup<'a>,
    options: Options,
    out: String,
}

/// A member of an object: what stands under one name.
struct Member<'a> {
    name: Cow<'a, str>,
    items: Vec<Item<'a>>,
    is_array: bool,
}

/// One value of a member.
enum Item<'a> {
    Text(Cow<'a, str>),
    Element(NodeId),
}

impl<'a> Writer<'a> {
    fn is_direct(&self) -> bool {
        self.options.kind == JsonKind::Direct
    }

    fn document(&mut self) {
        self.out.push('{');
        if let Some(declaration) = self.markup.declaration.as_ref().filter(|_| self.is_direct()) {
            for (name, value) in declaration {
                quoted(name, &mut self.out);
                self.out.push(':');
                quoted(value, &mut self.out);
                self.out.push(',');
            }
        }
        let root = self.markup.root;
        let name = match self.is_direct() {
            true => dollar(self.markup.name(root)),
            false => Cow::Borrowed(local_name(self.markup.name(root))),
        };
        quoted(&name, &mut self.out);
        self.out.push(':');
        self.element(root);
        self.out.push('}');
    }

    /// The value of an element: null, a string or an object. Elements nest at most as deep as [`Markup`] reads.
    fn element(&mut self, id: NodeId) {
        let markup = self.markup;
        // White space between tags may be left out, but not what stands in a CDATA section.
        let is_kept = |child: &NodeId| match markup.kind(*child) {
            Kind::Text(text) => self.options.keeps_space || !is_blank(text),
            Kind::CData(_) => true,
            Kind::Element { .. } => false,
        };
        let texts = markup.children(id).filter(is_kept).count();
        let is_simple = !self.has_attributes(id)
            && !markup.children(id).any(|child| matches!(markup.kind(child), Kind::Element { .. }));
        if is_simple && texts == 0 {
            let is_null =
                matches!(markup.kind(id), Kind::Element { is_self_closing: true, .. }) || self.options.empty_as_null;
            // White space alone between the tags is dropped: the element is empty.
            return self.out.push_str(if is_null { "null" } else { "\"\"" });
        }
        if is_simple && texts == 1 {
            let text = markup.children(id).find(is_kept).and_then(|child| markup.text(child));
            return self.text(text.unwrap_or_default());
        }
        self.object(self.members(id));
    }

    fn has_attributes(&self, id: NodeId) -> bool {
        let mut attributes = self.markup.attributes(id).iter();
        self.is_direct() && attributes.len() > 0 || attributes.any(|(name, _)| !is_declaration(name))
    }

    /// Attributes, then children by name in the order of the first of each name.
    fn members(&self, id: NodeId) -> Vec<Member<'a>> {
        let markup = self.markup;
        let mut members = Members::default();
        let names = || markup.attributes(id).iter().map(|(name, _)| *name).filter(|name| !is_declaration(name));
        let owners = if self.is_direct() { HashMap::new() } else { owners(names()) };
        for (name, value) in markup.attributes(id) {
            let name = match self.is_direct() {
                true => Cow::Owned(format!("@{}", dollar(name))),
                false if is_declaration(name) => continue,
                false => friendly(&owners, name),
            };
            members.add(name, Item::Text(Cow::Borrowed(value)), false);
        }
        let names = markup.children(id).filter_map(|child| match markup.kind(child) {
            Kind::Element { name, .. } => Some(*name),
            _ => None,
        });
        let owners = if self.is_direct() { HashMap::new() } else { self::owners(names) };
        for child in markup.children(id) {
            let (name, item) = match markup.kind(child) {
                Kind::Element { name, .. } if self.is_direct() => (dollar(name), Item::Element(child)),
                Kind::Element { name, .. } => (friendly(&owners, name), Item::Element(child)),
                Kind::Text(text) if self.options.keeps_space || !is_blank(text) => {
                    (Cow::Borrowed(self.text_name()), Item::Text(Cow::Borrowed(&**text)))
                }
                Kind::CData(text) => {
                    let name = if self.is_direct() { "#cdata-section" } else { self.text_name() };
                    (Cow::Borrowed(name), Item::Text(Cow::Borrowed(text)))
                }
                Kind::Text(_) => continue,
            };
            let is_array = self.options.always_arrays && matches!(item, Item::Element(_));
            members.add(name, item, is_array);
        }
        members.list
    }

    fn text_name(&self) -> &'static str {
        if self.is_direct() { "#text" } else { "$t" }
    }

    fn object(&mut self, members: Vec<Member<'_>>) {
        self.out.push('{');
        for (index, member) in members.into_iter().enumerate() {
            if index > 0 {
                self.out.push(',');
            }
            quoted(&member.name, &mut self.out);
            self.out.push(':');
            let is_array = member.is_array || member.items.len() > 1;
            if is_array {
                self.out.push('[');
            }
            for (index, item) in member.items.into_iter().enumerate() {
                if index > 0 {
                    self.out.push(',');
                }
                match item {
                    Item::Text(text) => self.text(&text),
                    Item::Element(id) => self.element(id),
                }
            }
            if is_array {
                self.out.push(']');
            }
        }
        self.out.push('}');
    }

    fn text(&mut self, text: &str) {
        let text = if self.options.trims { text.trim() } else { text };
        if text.is_empty() && self.options.empty_as_null {
            self.out.push_str("null");
        } else {
            quoted(text, &mut self.out);
        }
    }
}

/// From how many names on they are found by hash.
const FEW: usize = 16;

#[derive(Default)]
struct Members<'a> {
    list: Vec<Member<'a>>,
    places: HashMap<Cow<'a, str>, usize>,
}

impl<'a> Members<'a> {
    fn add(&mut self, name: Cow<'a, str>, item: Item<'a>, is_array: bool) {
        let place = match self.list.len() {
            // Few names are found faster one by one.
            0..FEW => self.list.iter().position(|member| member.name == name),
            _ => self.places.get(&name).copied(),
        };
        if place.is_none() && self.list.len() + 1 >= FEW {
            if self.places.is_empty() {
                let places = self.list.iter().enumerate().map(|(place, member)| (member.name.clone(), place));
                self.places = places.collect();
            }
            self.places.insert(name.clone(), self.list.len());
        }
        match place.and_then(|place| self.list.get_mut(place)) {
            Some(member) => {
                member.items.push(item);
                member.is_array |= is_array;
            }
            None => self.list.push(Member { name, items: vec![item], is_array }),
        }
    }
}

/// For each name without prefix the one that may go by it: the one that has no prefix, else the first.
fn owners<'n>(names: impl Iterator<Item = &'n str>) -> HashMap<&'n str, &'n str> {
    let mut owners = HashMap::new();
    for name in names {
        let local = local_name(name);
        if local == name {
            owners.insert(local, name);
        } else {
            owners.entry(local).or_insert(name);
        }
    }
    owners
}

/// A name without its prefix, unless another goes by that.
fn friendly<'n>(owners: &HashMap<&str, &str>, name: &'n str) -> Cow<'n, str> {
    let local = local_name(name);
    if owners.get(local).is_some_and(|owner| *owner == name) { Cow::Borrowed(local) } else { dollar(name) }
}

fn is_declaration(name: &str) -> bool {
    name == "xmlns" || name.starts_with("xmlns:")
}

/// The name with its prefix behind a dollar sign: `soap$Body`.
fn dollar(name: &str) -> Cow<'_, str> {
    if name.contains(':') { Cow::Owned(name.replace(':', "$")) } else { Cow::Borrowed(name) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(xml: &str, kind: JsonKind) -> String {
        let options =
            Options { kind, always_arrays: false, keeps_space: false, empty_as_null: false, trims: false, nodes: 1000 };
        convert(xml, options).unwrap()
    }

    #[test]
    fn direct_keeps_everything() {
        let xml = r#"<?xml version="1.0" encoding="utf-8"?><s:E xmlns:s="u" xmlns="d"><a i="1"/><b/><c></c><a>t</a><m>x<n/>y</m></s:E>"#;
        assert_eq!(
            json(xml, JsonKind::Direct),
            r##"{"version":"1.0","encoding":"utf-8","s$E":{"@xmlns$s":"u","@xmlns":"d","a":[{"@i":"1"},"t"],"b":null,"c":"","m":{"#text":["x","y"],"n":null}}}"##
        );
    }

    #[test]
    fn friendly_drops_prefixes_unless_they_collide() {
        let xml = r#"<s:E xmlns:s="u" i="1"><i>2</i><s:a>3</s:a><t:a>4</t:a><b x="1">t</b></s:E>"#;
        assert_eq!(
            json(xml, JsonKind::JavascriptFriendly),
            r#"{"E":{"i":["1","2"],"a":"3","t$a":"4","b":{"x":"1","$t":"t"}}}"#
        );
    }

    #[test]
    fn an_unprefixed_name_keeps_its_place() {
        let xml = r#"<r xmlns:s="u" s:i="1" i="2"><s:a>1</s:a><a>2</a></r>"#;
        assert_eq!(json(xml, JsonKind::JavascriptFriendly), r#"{"r":{"s$i":"1","i":"2","s$a":"1","a":"2"}}"#);
    }

    #[test]
    fn many_prefixed_attributes_take_their_time_once() {
        let attributes: String = (0..20_000).map(|n| format!(" p:x{n}=\"\"")).collect();
        let options = Options {
            kind: JsonKind::JavascriptFriendly,
            always_arrays: false,
            keeps_space: false,
            empty_as_null: false,
            trims: false,
            nodes: 1 << 20,
        };
        assert!(convert(&format!("<r{attributes}/>"), options).unwrap().len() > 100_000);
    }

    #[test]
    fn cdata_alone_is_text() {
        assert_eq!(json("<a><![CDATA[  ]]></a>", JsonKind::Direct), r#"{"a":"  "}"#);
        assert_eq!(json("<a>\n<![CDATA[ ]]>\n</a>", JsonKind::JavascriptFriendly), r#"{"a":" "}"#);
        assert_eq!(json("<a><![CDATA[<x>]]></a>", JsonKind::Direct), r#"{"a":"<x>"}"#);
        assert_eq!(
            json("<a b='1'><![CDATA[<x>]]></a>", JsonKind::Direct),
            r##"{"a":{"@b":"1","#cdata-section":"<x>"}}"##
        );
    }

    #[test]
    fn many_names_are_grouped_as_few_are() {
        let children: String = (0..40).map(|n| format!("<n{0}>a</n{0}><n{0}>b</n{0}>", n % 20)).collect();
        let expected: Vec<_> = (0..20).map(|n| format!(r#""n{n}":["a","b","a","b"]"#)).collect();
        let found = json(&format!("<r>{children}</r>"), JsonKind::Direct);
        assert_eq!(found, format!(r#"{{"r":{{{}}}}}"#, expected.join(",")));
    }
}
