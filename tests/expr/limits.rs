//! Hostile and extreme expressions: refused or stopped, never a crash.

use gatewright::expr::{Budget, Category, Expression, JsonHost, Library};

fn outcome(source: &str) -> String {
    match Expression::compile(source, &Library::strict()) {
        Err(errors) => errors.to_string(),
        Ok(expression) => match expression.eval(&mut JsonHost::default(), &Budget::default()) {
            Ok(value) => value.to_text().unwrap_or_default(),
            Err(error) => error.to_string(),
        },
    }
}

#[test]
fn deep_expressions_are_bound_or_refused() {
    for depth in [20, 60, 95, 140, 480, 1000, 1990] {
        for (open, core, close) in [
            ("(", "1", ")"),
            ("Math.Abs(", "1", ")"),
            ("-", "1", ""),
            ("true ? 1 : ", "1", ""),
            ("new[] { ", "1", " }"),
            ("1 + ", "1", ""),
            ("(object)", "1", ""),
            ("$\"{", "1", "}\""),
            ("context?.Api?.Name.Replace(", "\"a\"", ", \"b\")"),
        ] {
            outcome(&format!("@({}{core}{})", open.repeat(depth), close.repeat(depth)));
        }
        outcome(&format!("@({}.ToString())", "1.ToString()".to_owned() + &".Trim()".repeat(depth)));
        outcome(&format!("@{{ {} return 1; {} }}", "if (true) {".repeat(depth), "}".repeat(depth)));
        outcome(&format!("@{{ {} return 1; }}", "if (true) ; else ".repeat(depth)));
    }
}

#[test]
fn nested_lambdas_do_not_take_exponential_time() {
    let mut source = "x12".to_owned();
    for i in (0..12).rev() {
        source = format!("new[] {{ 1 }}.Select(x{} => {source}).Sum()", i + 1);
    }
    outcome(&format!("@({source})"));
}

#[test]
fn runaway_expressions_are_stopped() {
    for source in [
        "@{ while (true) { } }",
        "@{ Func<int, int> f = null; f = n => f(n + 1); return f(0); }",
        "@{ int F(int n) { return F(n + 1); } return F(0); }",
        "@{ var s = \"a\"; while (true) { s += s; } }",
        "@(Enumerable.Range(0, 2000000000).ToList().Count)",
        "@(new int[2000000000].Length)",
        "@(\"\".PadLeft(2000000000).Length)",
        "@{ try { while (true) { } } catch { return 1; } return 2; }",
    ] {
        let expression = Expression::compile(source, &Library::strict()).expect(source);
        let budget = Budget::default().steps(100_000);
        let error = expression.eval(&mut JsonHost::default(), &budget).expect_err(source);
        assert!(error.is_budget(), "{source}: {error}");
    }
}

#[test]
fn large_bodies_bring_the_budget_that_they_take() {
    let body = format!("[{}1]", "{\"name\":\"text\",\"number\":1.5},".repeat(100_000));
    let document = serde_json::json!({ "request": { "method": "POST", "url": "https://host/", "body": body } });
    let run = |source: &str| {
        let expression = Expression::compile(source, &Library::strict()).expect(source);
        let mut host = JsonHost::new(document.clone());
        expression.eval(&mut host, &Budget::default()).map(|value| value.to_text().unwrap_or_default())
    };
    assert_eq!(run("@(context.Request.Body.As<JArray>(true).Count)").expect("3 MB of JSON"), "100001");
    let twice = "@(context.Request.Body.As<JArray>(true).Count + context.Request.Body.As<JArray>(true).Count)";
    assert_eq!(run(twice).expect("read twice"), "200002");
    let endless = "@{ var n = 0; while (true) { n += context.Request.Body.As<JArray>(true).Count; } }";
    assert!(run(endless).expect_err("reading again adds nothing").is_budget());
}

#[test]
fn one_value_of_the_query_is_compared_without_an_allocation() {
    let source = r#"@(context.Request.Url.Query.GetValueOrDefault("PAGE", "") == "2")"#;
    let expression = Expression::compile(source, &Library::strict()).expect(source);
    let url = "https://host/orders?sort=name&page=2&tag=a%20b";
    let mut host = JsonHost::new(serde_json::json!({ "request": { "url": url } }));
    let (mut value, budget) = (None, Budget::default());
    let memory = allocation_counter::measure(|| value = expression.eval(&mut host, &budget).ok());
    assert_eq!(value.and_then(|value| value.as_bool()), Some(true));
    assert_eq!(memory.count_total, 0);
}

#[test]
fn errors_say_whose_rule_is_broken_and_where() {
    let errors = Expression::compile("@(context.Request.Hedaers)", &Library::strict()).expect_err("a typo");
    let first = errors.iter().next().expect("one");
    assert_eq!(first.span, 18..25);
    assert_eq!(first.category, Category::NotCSharp);
    assert!(first.message.contains("did you mean 'Headers'"), "{first}");
    let errors = Expression::compile("@(Environment.NewLine)", &Library::strict()).expect_err("not on the list");
    assert_eq!(errors.iter().next().expect("one").category, Category::NotAllowed);
}

#[test]
fn all_errors_are_reported_at_once() {
    let errors = Expression::compile("@(nope + \"a\".Foo + (int)\"5\")", &Library::strict()).expect_err("three");
    assert_eq!(errors.iter().count(), 3, "{errors}");
}

#[test]
fn several_syntax_errors_are_reported_at_once() {
    for (source, places) in [
        ("@{ var x = ; var y = 1 +; return foo(1 2, 3; }", vec![11, 24, 39]),
        ("@{ for (int i = 0 i < 5; i++) { } retrun 5; var q = (1 + ; return 1; }", vec![18, 28, 41, 57]),
        ("@(foo(1 +) + bar(* 2))", vec![9, 17]),
        ("@{ if (a b) { x +; } else { z -; } return 1; }", vec![9, 17, 31]),
        ("@{ } } return 1; }", vec![3, 5]),
    ] {
        let errors = Expression::compile(source, &Library::strict()).expect_err(source);
        let found: Vec<_> = errors.iter().map(|e| e.span.start).collect();
        assert_eq!(found, places, "{source}: {errors}");
    }
}

#[test]
fn the_rest_is_looked_at_after_a_lexical_error() {
    let source = "@{ var a = 1 # 2; var b = ; return 1; }";
    let errors = Expression::compile(source, &Library::strict()).expect_err(source);
    let places: Vec<_> = errors.iter().map(|error| error.span.start).collect();
    assert!(places.contains(&13) && places.contains(&26), "{errors}");
}

#[test]
fn errors_show_their_line() {
    let source = "@{\n  var a = 1;\n  return a.Foo;\n}";
    let errors = Expression::compile(source, &Library::strict()).expect_err("no such member");
    let report = errors.report(source).to_string();
    let lines: Vec<_> = report.lines().collect();
    assert!(lines[0].starts_with("3:12: CS1061: "), "{report}");
    assert_eq!(&lines[1..], ["      return a.Foo;", "               ^^^"]);
    let source = "@(1 +\n int.Parse(\"x\"))";
    let expression = Expression::compile(source, &Library::strict()).expect("it compiles");
    let error = expression.eval(&mut JsonHost::default(), &Budget::default()).expect_err("no number");
    assert!(error.report(source).starts_with("2:2: System.FormatException: "), "{}", error.report(source));
}

#[test]
fn long_chains_compile() {
    let appends = "@(new StringBuilder()".to_owned() + &".Append(1)".repeat(450) + ".ToString().Length)";
    assert_eq!(outcome(&appends), "450");
    let sum = format!("@({}1)", "1 + ".repeat(990));
    assert_eq!(outcome(&sum), "991");
    let texts = format!("@(({}\"\").Length)", "context.RequestId + \"a\" + ".repeat(400));
    assert_eq!(outcome(&texts), "14800");
    let mut branches = "@{ var n = 1500; ".to_owned();
    for i in 0..1900 {
        branches += &format!("if (n == {i}) return {i} * 2; else ");
    }
    assert_eq!(outcome(&(branches + "return -1; }")), "3000");
    let nested = format!("@({}1{})", "Math.Abs(".repeat(150), ")".repeat(150));
    assert_eq!(outcome(&nested), "1");
    let blocks = format!("@{{ {} return 7; {} return 8; }}", "if (true) { ".repeat(60), "}".repeat(60));
    assert_eq!(outcome(&blocks), "7");
}
