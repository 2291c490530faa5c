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
    for depth in [20, 60, 140, 1000] {
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
