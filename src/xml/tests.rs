use proptest::prelude::*;

use super::*;

fn value_of(document: &Document, text: &Text, space: Space) -> Value {
    text.value(document, space, |_| None).unwrap_or_else(|error| panic!("{error}"))
}

fn code(value: Value) -> Option<String> {
    match value {
        Value::Expression(decoded) => Some(decoded.text[2..decoded.text.len() - 1].to_owned()),
        Value::Literal(_) => None,
    }
}

fn literal(value: Value) -> Option<String> {
    match value {
        Value::Expression(_) => None,
        Value::Literal(decoded) => Some(decoded.text),
    }
}

#[test]
fn reads_expressions_as_the_gateway_does() {
    for (source, expected) in [
        (r#"<when condition="@(a.B("x","") == "y" && c < 3)">"#, r#"a.B("x","") == "y" && c < 3"#),
        (r#"<when condition="@(a.B(&quot;x)&quot;) &amp;&amp; c &lt; 3)">"#, r#"a.B("x)") && c < 3"#),
        (r#"<set-variable name="n" value="@(Body.As&lt;JObject&gt;(true)["a"])" />"#, r#"Body.As<JObject>(true)["a"]"#),
        (
            r#"<set-variable name="n" value="@(x.GetValueOrDefault<DateTime?>(&quot;k&quot;, null))" />"#,
            r#"x.GetValueOrDefault<DateTime?>("k", null)"#,
        ),
        (r#"<set-variable name="n" value='@(s.Trim('"', ')', '\''))' />"#, r#"s.Trim('"', ')', '\'')"#),
        (
            r#"<set-variable name="n" value="@($"{a["k"]}-{(b ? ")" : "}")}-{{x}}")" />"#,
            r#"$"{a["k"]}-{(b ? ")" : "}")}-{{x}}""#,
        ),
        (r#"<set-variable name="n" value="@(@"c:\""q"")\")" />"#, r#"@"c:\""q"")\""#),
        (
            "<value>@{ // it's \"odd\" )}\n return \"a>b\"; /* } */ }</value>",
            " // it's \"odd\" )}\n return \"a>b\"; /* } */ ",
        ),
        ("<set-url> @(v) </set-url>", "v"),
        ("<set-url><![CDATA[@(a < b && \"&lt;\" != c)]]></set-url>", "a < b && \"&lt;\" != c"),
        (r#"<a v="@(s.Replace("\"", "&quot;"))" />"#, r#"s.Replace("\"", "&quot;")"#),
        (r#"<a v=" @(1) " />"#, "1"),
        ("<a v=\"@{\n // it's\n return 1;\n}\" />", "\n // it's\n return 1;\n"),
        (r#"<a v="@($"{d:hh'h' mm} {x,5:0.0}")" />"#, r#"$"{d:hh'h' mm} {x,5:0.0}""#),
        (r#"<a v="@($@"a\{b["c"]}""{{")" />"#, r#"$@"a\{b["c"]}""{{""#),
        (r#"<a v="@(@$"{$"{"}"}"}")" />"#, r#"@$"{$"{"}"}"}""#),
    ] {
        let closed = if source.ends_with("\">") { format!("{source}</when>") } else { source.to_owned() };
        let document = parse(&closed).unwrap_or_else(|error| panic!("{source}: {error}"));
        let root = &document.root;
        let text = root.attributes.last().map_or_else(|| root.text(), |attribute| attribute.value.clone());
        assert_eq!(code(value_of(&document, &text, Space::Trim)).as_deref(), Some(expected), "{source}");
    }
}

#[test]
fn reads_literals_as_written() {
    for (source, expected, mixed) in [
        ("<message>Call @(v)</message>", "Call @(v)", true),
        ("<value>@(x)ms</value>", "@(x)ms", true),
        ("<value>\n  a &amp;amp; b && c < d @(\n</value>", "a &amp; b && c < d @(", false),
        ("<value>a<!-- @( -->b<?pi?>c<![CDATA[&lt;]]></value>", "abc&lt;", false),
        ("<value/>", "", false),
        ("<v a='1\n\"2\" &lt; <b> {{n}} '/>", "1\n\"2\" < <b> {{n}} ", false),
        ("<v a='me@example.com'/>", "me@example.com", false),
    ] {
        let document = parse(source).unwrap_or_else(|error| panic!("{source}: {error}"));
        let value = match document.root.attributes.last() {
            Some(attribute) => value_of(&document, &attribute.value, Space::Keep),
            None => value_of(&document, &document.root.text(), Space::Trim),
        };
        assert_eq!(matches!(&value, Value::Literal(text) if text.mentions_expression()), mixed, "{source}");
        assert_eq!(literal(value).as_deref(), Some(expected), "{source}");
    }
}

#[test]
fn places_every_problem() {
    for (source, expected) in [
        ("", "1:1: there is no element"),
        (
            "<a>\n  <b>\n  </c>\n</a>",
            "2:3: `<b>` is not closed: expected `</b>` before `</a>`; 3:3: `</c>` closes nothing: expected `</b>`",
        ),
        ("<a/>\n<b/>", "2:1: `<b>` follows the outermost element: expected one outermost element"),
        ("<a/>x", "1:5: text outside the outermost element: expected an element"),
        ("<!DOCTYPE a><a/>", "1:1: a document type is not allowed: remove `<!DOCTYPE>`"),
        ("<a b='1' b='2'/>", "1:10: attribute `b` is written twice"),
        ("<a b c='2'/>", "1:6: attribute `b` has no value: expected `=`"),
        ("<a b=1/>", "1:6: the value of attribute `b` has no quotes: expected `\"`"),
        ("<a b='1", "1:7: the value of attribute `b` is not closed: expected `'`"),
        ("<a b='1'", "1:1: `<a` is not closed: expected `>`"),
        ("<a ?>", "1:4: unexpected `?` in `<a>`: expected an attribute or `>`; 1:1: `<a>` is not closed"),
        ("<a><!-- </a>", "1:4: the comment is not closed: expected `-->`"),
        ("<a>@(b(]</a>", "1:4: the expression does not end: expected `)`, found `]`"),
        (
            "<a>\n<b c=\"@(x[0)\"/>\n<d e=\"@(\"f)\"/>\n</a>",
            "2:7: attribute `c`: the expression does not end: expected `]`, found `)`; \
             3:7: attribute `e`: the expression does not end: expected `)` before the end of the text",
        ),
        ("<a b=\"@(1) 2\"/>", "1:7: attribute `b`: expected the closing quote behind the expression"),
    ] {
        let Err(errors) = parse(source) else { panic!("{source} is accepted") };
        let mut expected: Vec<_> = expected.split("; ").map(str::to_owned).collect();
        expected.sort();
        let mut found: Vec<_> = errors.into_iter().map(|error| error.to_string()).collect();
        found.sort();
        assert!(
            found.len() == expected.len() && found.iter().zip(&expected).all(|(f, e)| f.starts_with(e.as_str())),
            "{source}: {found:#?}"
        );
    }
}

#[test]
fn keeps_the_source_of_foreign_content() {
    let inner =
        "\n<soapenv:Envelope xmlns:soapenv=\"http://x\"> {{body.a}} &lt; <!-- {{no}} --><b/></soapenv:Envelope>";
    let document =
        parse(&format!("\u{feff}<set-body>{inner}\r\n</set-body>")).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(document.text(document.root.inner), format!("{inner}\n"));
    let mut seen = Vec::new();
    let text = document.root.inner_text(&document).literal(&document, |reference| {
        seen.push((reference.name.to_owned(), &document.source[reference.offset..][..2] == "{{"));
        Some("X")
    });
    assert_eq!(text.text, format!("{}\n", inner.replace("{{body.a}}", "X")));
    assert_eq!(seen, [("body.a".to_owned(), true)]);
}

#[test]
fn splices_named_values_before_deciding() {
    let document = parse("<a>\n <b>{{ code }}</b><c d='{{a}}-{{ {\"a\":1} }}-{{a}}&amp;{{b}}!'/></a>").unwrap();
    let named = |reference: Reference<'_>| match reference.name {
        "code" => Some("@(\"{{a}}\" + 1 &lt; x)"),
        "a" => Some("{{b}}"),
        _ => None,
    };
    let elements: Vec<_> = document.root.elements().collect();
    let Value::Expression(code) = elements[0].text().value(&document, Space::Trim, named).unwrap() else { panic!() };
    assert_eq!(code.text, "@(\"{{a}}\" + 1 < x)");
    assert_eq!(document.position(code.source_offset(5)), Position { line: 2, column: 5 });
    let Value::Literal(d) = elements[1].attributes[0].value.value(&document, Space::Keep, named).unwrap() else {
        panic!()
    };
    assert_eq!(d.text, "{{b}}-{{ {\"a\":1} }}-{{b}}&{{b}}!");
    let end = d.source_offset(d.text.len() - 1);
    assert_eq!(&document.source[end..=end], "!");
}

#[test]
fn refuses_a_named_value_that_breaks_its_expression() {
    let document = parse("<a>\n<b c='@({{x}})'/></a>").unwrap();
    let element = document.root.elements().next().unwrap();
    let error = element.attributes[0].value.value(&document, Space::Keep, |_| Some("\"")).unwrap_err();
    assert_eq!(error.to_string(), "2:15: the expression does not end: a string is not closed");
}

#[test]
fn maps_offsets_of_decoded_code_to_the_source() {
    let document = parse("<a b='  @(x &amp;&amp; y)'/>").unwrap();
    let Value::Expression(code) = value_of(&document, &document.root.attributes[0].value, Space::Keep) else {
        panic!()
    };
    assert_eq!(code.text, "@(x && y)");
    for (part, at) in [("@", "@"), ("x", "x"), ("&", "&amp;&amp;"), ("& y", "&amp; y"), ("y", "y)")] {
        let offset = code.source_offset(code.text.rfind(part).unwrap());
        assert_eq!(offset, document.source.rfind(at).unwrap() + usize::from(part == "&") * 5, "{part}");
    }
}

#[test]
fn limits_depth() {
    let nested = |depth| format!("{}{}", "<a>".repeat(depth), "</a>".repeat(depth));
    assert!(parse(&nested(64)).is_ok());
    assert!(parse(&nested(65)).is_err());
    assert!(parse(&nested(100_000)).is_err());
    assert!(parse_within(&nested(100), &Limits { depth: 100, errors: 1 }).is_ok());
}

#[test]
fn hostile_repetition_costs_little() {
    for part in [
        "x@(",
        "@(",
        "@{'",
        "<a>x@(</a>",
        "<",
        "</",
        "<a b='",
        "{{",
        "&#",
        "\"",
        "<a b=\"@(x.R(\"\\\"\", \"&quot;\"))\">",
    ] {
        let _ = parse(&format!("<r>{}</r>", part.repeat(200_000 / part.len())));
        let _ = value(&part.repeat(200_000 / part.len()), Space::Trim).map(|v| match v {
            Value::Expression(text) | Value::Literal(text) => text.mentions_expression(),
        });
    }
}

#[test]
fn reads_every_policy_of_the_corpus() {
    let Some(corpus) = std::env::var_os("GATEWRIGHT_CORPUS") else {
        println!("skipped: GATEWRIGHT_CORPUS is not set");
        return;
    };
    let mut folders = vec![std::path::PathBuf::from(corpus)];
    let mut count = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.file_name().is_some_and(|name| name == "policy.xml") {
                let text = std::fs::read_to_string(&path).unwrap();
                parse(&text).unwrap_or_else(|error| panic!("{}:{error}", path.display()));
                count += 1;
            }
        }
    }
    assert!(count > 0, "the corpus holds no policy.xml");
    println!("{count} documents");
}

fn check_spans(element: &Element, document: &Document) {
    assert!(document.source[element.span.range()].starts_with(&format!("<{}", element.name)));
    assert_eq!(&document.source[element.name_span.range()], &*element.name);
    assert!(element.span.end <= element.inner.start && document.source.get(element.inner.range()).is_some());
    for attribute in &element.attributes {
        assert!(document.source[attribute.span.range()].starts_with(&*attribute.name));
        check_value(&attribute.value, document);
    }
    check_value(&element.text(), document);
    check_value(&element.inner_text(document), document);
    assert_eq!(element.inner_text(document).raw(document), document.text(element.inner));
    element.elements().for_each(|child| check_spans(child, document));
}

fn check_value(text: &Text, document: &Document) {
    for space in [Space::Keep, Space::Trim] {
        let value = text.value(document, space, |reference| (reference.name == "a").then_some("@(&lt;\"é"));
        if let Ok(Value::Expression(decoded) | Value::Literal(decoded)) = value {
            for offset in 0..=decoded.text.len() + 1 {
                assert!(decoded.source_offset(offset) <= document.source.len() + 1);
                document.position(decoded.source_offset(offset));
            }
            decoded.mentions_expression();
        }
    }
}

/// A well-formed document as text.
fn well_formed() -> impl Strategy<Value = String> {
    let text = prop::collection::vec(
        prop::sample::select(vec![
            "x",
            " ",
            "\n",
            "&lt;",
            "&amp;",
            "&#65;",
            "\"",
            "é",
            "<![CDATA[<&]]>",
            "<!-- c -->",
            "{{n}}",
        ]),
        0..4,
    )
    .prop_map(|parts| parts.concat());
    let attributes =
        prop::collection::btree_map("[a-z]{1,3}", "([a-z ]|&quot;|&lt;){0,6}", 0..3).prop_map(|attributes| {
            attributes.iter().map(|(name, value)| format!(" {name}=\"{value}\"")).collect::<String>()
        });
    let element = move |inner: BoxedStrategy<String>| {
        (prop::sample::select(vec!["a", "b-c", "d.e"]), attributes.clone(), inner).prop_map(
            |(name, attributes, inner)| {
                if inner.is_empty() {
                    format!("<{name}{attributes} />")
                } else {
                    format!("<{name}{attributes}>{inner}</{name}>")
                }
            },
        )
    };
    element(text.clone().boxed()).prop_recursive(5, 40, 4, move |child| {
        let mixed = prop::collection::vec((text.clone(), child), 0..4)
            .prop_map(|parts| parts.into_iter().map(|(text, child)| text + &child).collect::<String>());
        element(mixed.boxed())
    })
}

/// What both readers agree on: names, attributes, and text without white space.
fn ours(element: &Element, document: &Document, out: &mut String) {
    out.push_str(&format!("<{}", element.name));
    for attribute in &element.attributes {
        out.push_str(&format!(" {}={:?}", attribute.name, attribute.value.literal(document, |_| None).text));
    }
    out.push('>');
    for node in &element.children {
        match node {
            Node::Element(child) => ours(child, document, out),
            Node::Text(text) => out.extend(text.literal(document, |_| None).text.split_whitespace()),
        }
    }
    out.push_str("</>");
}

fn theirs(node: roxmltree::Node<'_, '_>, out: &mut String) {
    if node.is_element() {
        out.push_str(&format!("<{}", node.tag_name().name()));
        for attribute in node.attributes() {
            out.push_str(&format!(" {}={:?}", attribute.name(), attribute.value()));
        }
        out.push('>');
        node.children().for_each(|child| theirs(child, out));
        out.push_str("</>");
    } else if node.is_text() {
        out.extend(node.text().unwrap_or_default().split_whitespace());
    }
}

proptest! {
    #[test]
    fn agrees_with_a_strict_reader(source in well_formed()) {
        let document = parse(&source).map_err(|error| TestCaseError::fail(error.to_string()))?;
        check_spans(&document.root, &document);
        let strict = roxmltree::Document::parse(&source).map_err(|error| TestCaseError::fail(error.to_string()))?;
        let (mut left, mut right) = (String::new(), String::new());
        ours(&document.root, &document, &mut left);
        theirs(strict.root_element(), &mut right);
        prop_assert_eq!(left, right);
    }

    #[test]
    fn never_panics(parts in prop::collection::vec(prop::sample::select(vec![
        "<", ">", "/>", "</", "a", "b:c", " ", "=", "\"", "'", "@(", "@{", ")", "}", "]", "{{", "}}", "{{a}}", "&", "&lt;",
        "&quot;", "&#x41;", "<!--", "-->", "<![CDATA[", "]]>", "<?", "?>", "\n", "\r\n", "é", "$\"", "@\"", "//", "/*", "*/",
        "\\", "{", ":", "<a>", "</a>", "<a b=\"", "\u{feff}", "<!DOCTYPE",
    ]), 0..40), wrap in any::<bool>()) {
        let text = parts.concat();
        let text = if wrap { format!("<a>{text}</a>") } else { text };
        match parse(&text) {
            Ok(document) => check_spans(&document.root, &document),
            Err(errors) => prop_assert!(!errors.0.is_empty() && errors.0.iter().all(|error| error.offset <= text.len())),
        }
        let _ = value(&text, Space::Trim);
        for (at, _) in text.char_indices() {
            if let Ok(end) = scan_expression(&text, at) {
                prop_assert!(text.is_char_boundary(end) && end > at + 2);
            }
        }
    }
}
