//! The dialect, case by case.

use proptest::prelude::*;

use super::body::{json, xml};
use super::*;
use crate::expr::dotnet::DateTime;

const OPTIONS: BodyOptions = BodyOptions { parses_dates: true, nil_is_null: false, nodes: 100_000 };

const LIMITS: Limits = Limits { size: 1 << 20, now: DateTime::MIN, regex_steps: 1_000_000 };

fn with(body: Value, template: &str) -> String {
    let template = Template::parse(template).unwrap_or_else(|error| panic!("{error}: {template}"));
    template.render(vec![("body", body)], LIMITS).unwrap()
}

fn of_json(body: &str, template: &str) -> String {
    with(json(body, OPTIONS).unwrap(), template)
}

fn of_xml(body: &str, template: &str) -> String {
    with(xml(body, OPTIONS).unwrap(), template)
}

fn plain(template: &str) -> String {
    with(Value::Nil, template)
}

#[track_caller]
fn all(cases: &[(&str, &str)]) {
    for (template, expected) in cases {
        assert_eq!(plain(template), *expected, "{template}");
    }
}

#[test]
fn outputs_and_white_space() {
    all(&[
        ("a {{ 'b' }} c", "a b c"),
        ("{{ unknown }}{{ a.b.c }}{{ a[0].b }}", ""),
        ("{{ 1.50 }} {{ -2 }} {{ true }} {{ nil }} {{ '' }}", "1.5 -2 true  "),
        ("a \t{{- 'b' -}} \n c", "ab\n c"),
        ("a\n{{- 'b' -}}\n c", "a\nb c"),
        ("{%- assign a = 1 -%}   {{ a }}", "1"),
        ("{{{ raw {{ x }} }}}", " raw {{ x }} "),
        ("{# all of it #}", ""),
        ("{ \"a\": {{ 1 }} }", "{ \"a\": 1 }"),
    ]);
}

#[test]
fn conditions_are_read_from_the_right() {
    all(&[
        ("{% if false and true or true %}a{% else %}b{% endif %}", "b"),
        ("{% if true or false and false %}a{% else %}b{% endif %}", "a"),
        ("{% if 0 %}a{% endif %}{% if '' %}b{% endif %}{% if nil %}c{% endif %}", "ab"),
        ("{% if 1 <> 2 %}a{% endif %}{% if 1 != 1 %}b{% endif %}", "a"),
        ("{% if '1' == 1 %}a{% endif %}{% if 1 == '1' %}b{% endif %}{% if 1 == 1.0 %}c{% endif %}", "abc"),
        ("{% if nil < 1 %}a{% endif %}{% if x >= 1 %}b{% endif %}", ""),
        (
            "{% if 'abc' contains 'b' %}a{% endif %}{% if 'abc' startsWith 'a' %}b{% endif %}{% if 'abc' endsWith 'x' %}c{% endif %}",
            "ab",
        ),
        (
            "{% if x == empty %}a{% endif %}{% if '' == empty %}b{% endif %}{% if ' ' == blank %}c{% endif %}{% if x == blank %}d{% endif %}",
            "bcd",
        ),
        ("{% unless true %}a{% elsif true %}b{% endunless %}", "b"),
        ("{% if false %}a{% elseif true %}b{% endif %}", "b"),
        ("{% if 3 &lt; 5 %}a{% endif %}{% if 1==1 %}b{% endif %}{% if 1 <2 %}c{% endif %}", "abc"),
        (
            "{% if 'x' < 1 %}a{% else %}b{% endif %}{% if 1 < 'x' %}c{% endif %}",
            "bLiquid error: Input string was not in a correct format.",
        ),
    ]);
}

#[test]
fn tags() {
    all(&[
        ("{% assign a = 'x' | Upcase %}{{ a }}", "X"),
        ("{% capture a %}x{{ 1 }}{% endcapture %}{{ a }}{{ a }}", "x1x1"),
        ("{% case 1 %}{% when 1, 2 %}a{% when 3 or 1 %}b{% else %}c{% endcase %}", "ab"),
        ("{% case 'x' %} junk {% when 'y' %}a{% else %}c{% endcase %}", "c"),
        ("a{% comment %}{{ x }} {% comment %}{% endcomment %} b{% endcomment %}c", "ac"),
        ("{% cycle 'a', 'b' %}{% cycle 'a', 'b' %}{% cycle 'a', 'b' %}", "aba"),
        ("{% cycle x: 'a', 'b' %}{% cycle 'g': 'a', 'b' %}{% cycle 'g': 'a', 'b' %}", "aab"),
        ("{% for i in (1..3) %}{{ i }}{% endfor %}", "123"),
        ("{% for i in (1..5) reversed limit:2 offset:1 %}{{ i }}{% endfor %}", "32"),
        (
            "{% for i in (1..4) limit:2 %}{{ i }}{% endfor %}-{% for i in (1..4) offset:continue %}{{ i }}{% endfor %}",
            "12-34",
        ),
        (
            "{% for i in (1..4) %}{% if i == 2 %}{% continue %}{% endif %}{% if i == 4 %}{% break %}{% endif %}{{ i }}{% endfor %}",
            "13",
        ),
        ("{% for i in none %}a{% else %}b{% endfor %}", "b"),
        (
            "{% for i in (1..2) %}{{ forloop.index }}{{ forloop.index0 }}{{ forloop.rindex }}{{ forloop.rindex0 }}{{ forloop.first }}{{ forloop.last }}{{ forloop.length }}{{ forloop.name }} {% endfor %}",
            "1021truefalse2i-(1..2) 2110falsetrue2i-(1..2) ",
        ),
        ("{% for i in (1..3) %}{% ifchanged %}{{ 'x' }}{% endifchanged %}{% endfor %}", "x"),
        ("{% increment a %}{% increment a %}{% decrement b %}{% decrement b %}", "01-1-2"),
        ("{% raw %}{{ x }}{% if %}{% endraw %}{% literal %}{{ y }}{% endliteral %}", "{{ x }}{% if %}{{ y }}"),
        (
            "{% tablerow i in (1..3) cols:2 %}{{ i }}{% endtablerow %}",
            "<tr class=\"row1\">\n<td class=\"col1\">1</td><td class=\"col2\">2</td></tr>\n<tr class=\"row2\"><td class=\"col1\">3</td></tr>\n",
        ),
        (
            "{% JSONArrayFor i in (1..3) %}{ \"n\": {{ i }} }{% endJSONArrayFor %}",
            "{ \"n\": 1 },{ \"n\": 2 },{ \"n\": 3 }",
        ),
        ("{% JSONArrayFor i in (1..5) reversed limit:2 %}{{ i }} {% endJSONArrayFor %}", "2 ,1 "),
        ("{% include 'x' %}b", "Liquid error: This liquid context does not allow includes.b"),
        ("{% for i in (1..2) %}{% assign a = i %}{% endfor %}{{ a }}", "2"),
    ]);
}

#[test]
fn filters_of_text() {
    all(&[
        ("{{ 'a' | Append: 'b' | Prepend: 'c' }}", "cab"),
        ("{{ 'hello wORLD ABC' | Capitalize }}", "Hello World ABC"),
        ("{{ 'order2go x-ray a1B 2nd A1B' | Capitalize }}", "Order2go X-Ray A1b 2Nd A1B"),
        ("{{ \"o'neil O'NEIL it's\" | Capitalize }}", "O'neil O'neil It's"),
        (
            "{{ 'aBc' | Downcase }}{{ 'aBc' | upcase }}{{ 'a b' | url_encode }}{{ 'a+b%21' | UrlDecode }}",
            "abcABCa+ba b!",
        ),
        ("{{ '<a&\"b>' | Escape }}{{ '<' | H }}", "&lt;a&amp;&quot;b&gt;&lt;"),
        ("{{ \"it's é\" | Escape }}", "it&#39;s &#233;"),
        ("{{ 'a1b22' | Replace: '[0-9]+', '<$0>' }}", "a<1>b<22>"),
        ("{{ 'say \"x\"' | Replace: '([^\\\\](\\\\\\\\)*)\"', '$1\\\"' }}", "say \\\"x\\\""),
        ("{{ 'aaa' | ReplaceFirst: 'a', '$0' }}{{ 'aaa' | RemoveFirst: 'a' }}{{ 'a.a' | Remove: '.' }}", "$0aaaaaa"),
        ("{{ 'abc' | Slice: 1 }}{{ 'abc' | Slice: -2, 2 }}{{ 'abc' | Slice: 9 }}", "bbc"),
        ("{{ 'a,b,,c' | Split: ',' | Join }}{{ 'abc' | Split: '' | Join: '-' }}", "a b ca-b-c"),
        ("[{{ ' a ' | Strip }}{{ ' a ' | Lstrip }}{{ ' a ' | Rstrip }}]", "[aa  a]"),
        ("{{ 'a\nb\r\nc' | StripNewlines }}{{ 'a\nb' | NewlineToBr }}", "abca<br />\nb"),
        ("{{ 'a<script>x</script><b>c</b><!-- d --><STYLE>e</STYLE>f' | StripHtml }}", "acf"),
        ("{{ 'abcdef' | Truncate: 5 }}{{ 'abc' | Truncate: 5 }}{{ 'abcdef' | Truncate: 4, '' }}", "ab...abcabcd"),
        ("{{ 'a b c' | TruncateWords: 2 }}{{ 'a b' | TruncateWords: 2, '!' }}", "a b...a b"),
        (
            "{{ x | Default: 'd' }}{{ ' ' | Default: 'd' }}{{ 'v' | Default: 'd' }}{{ false | Default: 'd' }}",
            "ddvfalse",
        ),
        ("{{ 'ab' | Size }}{{ nil | Size }}{{ 7 | Size }}", "200"),
        (
            "{{ 'x' | Nonsense }}!{{ 'x' | Nonsense | Upcase }}",
            "Liquid error: Unknown filter 'Nonsense'!Liquid error: Unknown filter 'Nonsense'",
        ),
        ("{{ 'a' | Replace: '(' }}", "Liquid error: Invalid pattern '(' at offset 1. Not enough )'s."),
    ]);
}

#[test]
fn filters_of_numbers() {
    all(&[
        ("{{ 1 | Plus: 2 }} {{ '1' | Plus: 2 }} {{ 0.1 | Plus: 0.2 }}", "3 12 0.3"),
        ("{{ 7 | DividedBy: 2 }} {{ 7.0 | DividedBy: 2 }} {{ 7 | Modulo: 4 }} {{ 3 | Minus: 5 }}", "3 3.5 3 -2"),
        ("{{ 'ab' | Times: 3 }} {{ 2.5 | Times: 2 }} {{ nil | Minus: 1 }}", "ababab 5 "),
        ("{{ 2.5 | Round }} {{ 3.5 | Round }} {{ 1.255 | Round: 2 }} {{ 'x' | Round }}", "2 4 1.26 "),
        (
            "{{ -5 | Abs }} {{ 'x' | Abs }} {{ 3 | AtLeast: 5 }} {{ 3 | AtMost: 2.5 }} {{ 'x' | AtMost: 1 }}",
            "5 0 5 2.5 x",
        ),
        ("{{ 1234.5 | Currency }} {{ -1 | Currency }}", "¤1,234.50 (¤1.00)"),
        ("{{ 1 | DividedBy: 0 }}", "Liquid error: Attempted to divide by zero."),
        ("{{ 9223372036854775807 | Plus: 1 }}", "Liquid error: Arithmetic operation resulted in an overflow."),
    ]);
}

#[test]
fn filters_of_lists_and_dates() {
    let body = r#"{"l":[3,null,"b","A",3],"o":[{"n":"x"},{"n":"y"}],"d":"2024-03-05T14:07:09Z","h":{"a":1,"b":[true]},"f":1.50}"#;
    for (template, expected) in [
        ("{{ body.l | Compact | Uniq | Join: ',' }}", "3,b,A"),
        ("{{ body.l | Sort | Join: ',' }}", ",3,3,A,b"),
        ("{{ body.o | Map: 'n' | Join }} {{ body.o | Sort: 'n' | First | Size }}", "x y 1"),
        ("{{ body.l.size }} {{ body.l.first }} {{ body.l.last }} {{ body.l[-2] }} {{ body.l[2] }}", "5 3 3 A b"),
        ("{{ body.l | First }}{{ body.l | Last }}{{ body.l | Size }}{{ body.l | Slice: 1, 2 }}", "335b"),
        (
            "{{ body.d }} {{ body.d | Date: 'yyyy-MM-dd' }} {{ body.d | Date: '' }}",
            "03/05/2024 14:07:09 2024-03-05 03/05/2024 14:07:09",
        ),
        ("{{ 'x' | Date: 'yyyy' }} {{ '2024-01-02' | Date: 'd.M.yy' }}", "x 2.1.24"),
        ("{{ 'now' | Date: 'yyyy' }}", "0001"),
        ("{{ body.h }} {{ body.f }} {{ body.h.b }}", "{\"a\":1,\"b\":[true]} 1.5 true"),
        ("{% for p in body.h %}{{ p.Key }}={{ p.Value }};{{ p[0] }};{% endfor %}", "a=1;a;b=true;b;"),
        ("{{ body['h']['a'] }}{{ body.H }}{{ body.h.size }}", "12"),
        (
            "{% if body.h hasKey 'a' %}k{% endif %}{% if body.h hasValue 1 %}v{% endif %}{% if body.l contains 'b' %}c{% endif %}",
            "kvc",
        ),
        ("{% assign n = 'h' %}{{ body[n].a }}{{ body.o[0].n }}{{ body.o.first.n? }}", "1xx"),
    ] {
        assert_eq!(of_json(body, template), expected, "{template}");
    }
}

#[test]
fn xml_bodies() {
    let body = r#"<s:Envelope xmlns:s="u" xmlns:xsi="i"><s:Body><R><item id="1">a</item><item>b</item><one>t</one><none xsi:nil="true"/><sub><x>1</x></sub></R></s:Body></s:Envelope>"#;
    for (template, expected) in [
        ("{{ body.envelope.body.R.item.size }}{{ body.Envelope.Body.r.item[1] }}", "2b"),
        (
            "{{ body.envelope.body.r.item[0] }}{{ body.envelope.body.r.item[0].id }}{{ body.envelope.body.r.item[0].text }}",
            "a1a",
        ),
        ("{{ body.envelope.body.r.one }}[{{ body.envelope.body.r.none }}]{{ body.envelope.body.r.sub.x }}", "t[]1"),
        ("{% JSONArrayFor i in body.envelope.body.r.item %}\"{{ i }}\"{% endJSONArrayFor %}", "\"a\",\"b\""),
        ("{% for i in body.envelope.body.r.sub %}{{ i }}{% endfor %}", "1"),
        ("{% if body.envelope.body.r.none == nil %}nil{% else %}blank{% endif %}", "blank"),
    ] {
        assert_eq!(of_xml(body, template), expected, "{template}");
    }
    let null = BodyOptions { nil_is_null: true, ..OPTIONS };
    let body = xml(body, null).unwrap();
    assert_eq!(with(body, "{% if body.envelope.body.r.none == nil %}nil{% endif %}"), "nil");
}

#[test]
fn mistakes_are_told_with_their_place() {
    for (template, expected) in [
        ("a {{ b", "2: Liquid syntax error: `}}` is missing"),
        ("{% if a", "0: Liquid syntax error: `%}` is missing"),
        ("x{% if a %}b", "1: Liquid syntax error: `if` tag was never closed"),
        ("{% odd %}", "0: Liquid syntax error: unknown tag `odd`"),
        ("{% if a ~ b %}{% endif %}", "0: Liquid syntax error: unknown operator `~`"),
        ("{% if %}{% endif %}", "0: Liquid syntax error: syntax error in the condition ``"),
        ("{% for a %}{% endfor %}", "0: Liquid syntax error: syntax error in `for`: `a`"),
        ("{% assign a %}", "0: Liquid syntax error: syntax error in `assign`: `a`"),
        ("{% endif %}", "0: Liquid syntax error: unknown tag `endif`"),
    ] {
        let error = Template::parse(template).unwrap_err();
        assert_eq!(format!("{}: {error}", error.at), expected, "{template}");
    }
}

#[test]
fn bombs_are_stopped() {
    let stopped = |template: &str| {
        let template = Template::parse(template).unwrap();
        template.render(vec![("body", Value::Nil)], LIMITS).unwrap_err().0
    };
    let turns = "its loops take more than 1000000 turns";
    assert_eq!(stopped("{% for i in (1..2000) %}{% for j in (1..2000) %}{% endfor %}{% endfor %}"), turns);
    assert_eq!(stopped("{% for i in (1..9000000000) %}{% endfor %}"), turns);
    let doubling = "{% assign s = 'abcdefgh' %}{% for i in (1..60) %}{% assign s = s | Append: s %}{% endfor %}";
    assert_eq!(stopped(doubling), "it makes a text that is too long");
    assert_eq!(stopped("{{ 'a' | Times: 9000000000 }}"), "it works on more text than it may");
    assert_eq!(stopped("{% for i in (1..900000) %}0123456789{% endfor %}"), "it writes more than a body may have");
    let long = "{% assign s = 'aaaaaaaaaaaaaaaa' | Times: 4096 %}{{ s | Replace: 'a', s }}";
    assert_eq!(stopped(long), "it makes a text that is too long");
    let whole =
        "{% assign s = 'aaaaaaaaaaaaaaaa' | Times: 4096 %}{% assign w = '$_' | Times: 5000 %}{{ s | Replace: 'a', w }}";
    assert_eq!(stopped(whole), "it makes a text that is too long");
    assert_eq!(stopped("{% for i in (1..1000001) limit:1 %}{% endfor %}"), turns);
    assert_eq!(plain("{{ '<script>' | Times: 131072 | StripHtml | Size }}"), "0");
    let backtracking = "{{ 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!' | Replace: '(a+)+$', '' }}";
    assert!(plain(backtracking).starts_with("Liquid error: The Regex engine has timed out"));
    assert!(Template::parse(&"{% if a %}".repeat(100)).is_err());
    assert!(Template::parse(&format!("{{{{ {}1{} }}}}", "a[".repeat(5000), "]".repeat(5000))).is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn nothing_panics(template in "([{]{1,3}|[}]{1,3}|%|-|if |endif|for i in |endfor|body|[.]a|\\[|\\]|'|\"|x|[|] Slice: |[|] Split|, |1|9|assign | = |é| |\n|contains |\\(1[.][.]3\\)){0,24}") {
        if let Ok(template) = Template::parse(&template) {
            let body = json(r#"{"a":[1,"é",{"b":null}]}"#, OPTIONS).unwrap();
            let _ = template.render(vec![("body", body)], LIMITS);
        }
    }

    #[test]
    fn filters_take_any_input(name in "(Abs|Append|AtLeast|Capitalize|Compact|Currency|Date|Default|DividedBy|Escape|First|Join|Last|Map|Minus|Modulo|NewlineToBr|Plus|Remove|RemoveFirst|Replace|Round|Size|Slice|Sort|Split|StripHtml|Times|Truncate|TruncateWords|Uniq|UrlDecode)", input in "(body[.]a|'[ -&(-~é]{0,6}'|-?[0-9]{1,20}|[0-9]{1,3}[.][0-9]{1,30}|nil|true|body)", a in "(-?[0-9]{1,19}|'[ -&(-~é]{0,6}'|nil|body)", b in "(-?[0-9]{1,19}|'x')") {
        let template = Template::parse(&format!("{{{{ {input} | {name}: {a}, {b} }}}}")).unwrap();
        let body = json(r#"{"a":[1,"é",{"b":null},1e300,"2024-01-01T00:00:00Z"]}"#, OPTIONS).unwrap();
        let _ = template.render(vec![("body", body)], LIMITS);
    }
}
