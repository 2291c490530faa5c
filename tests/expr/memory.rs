//! What an evaluation leaves in memory when it is over: nothing.

use gatewright::expr::{Budget, Expression, JsonHost, Library, Value};

const RECURSIVE: &str = "Func<int, int> f = null; f = n => n < 2 ? n : f(n - 1) + f(n - 2);";

fn compiled(block: &str) -> Expression {
    let source = format!("@{{ {block} }}");
    Expression::compile(&source, &Library::lenient()).unwrap_or_else(|errors| panic!("{source}: {errors}"))
}

/// What is still there after a few evaluations, in bytes.
fn left(block: &str) -> i64 {
    let (expression, budget) = (compiled(block), Budget::default().steps(2_000_000));
    let mut host = JsonHost::default();
    let mut evaluate = || {
        if let Ok(value) = expression.eval(&mut host, &budget) {
            drop(value.to_canonical(&mut host, &budget));
        }
    };
    evaluate();
    allocation_counter::measure(|| (0..4).for_each(|_| evaluate())).bytes_current
}

#[test]
fn nothing_is_left() {
    for block in [
        "return f(5);",
        "return f(40);",
        "f = n => f(n + 1); return f(0);",
        "throw new Exception(f(3).ToString());",
        "return Enumerable.Range(0, 4).Select(n => f(n));",
        "return Enumerable.Range(0, 4).Select(n => f(n)).Where(n => n > 1).Skip(1);",
        "return new List<object> { f(3), \"a\", new[] { f(4) } };",
        "return new Dictionary<string, object> { { \"a\", f(3) }, { \"b\", Tuple.Create((object)f(4), 1) } };",
        "return new object[] { f(3), new { a = (object)f(4) }, new KeyValuePair<string, object>(\"k\", f(5)) };",
        "var all = new List<Func<int>>(); all.Add(() => all.Count); return all[0]();",
        "int g(int n) => f(n) + h(n); int h(int n) => n > 0 ? g(n - 1) : 0; return g(3);",
        "int sum = 0;
         for (var i = 0; i < 6000; i++) { Func<int, int> g = null; g = n => n < 1 ? 0 : g(n - 1); sum += g(1); }
         return sum;",
    ] {
        let block = format!("{RECURSIVE} {block}");
        assert_eq!(left(&block), 0, "{block}");
    }
}

#[test]
fn a_sequence_goes_on_as_long_as_somebody_has_it() {
    let budget = Budget::default();
    let mut host = JsonHost::default();
    let made = compiled(&format!(
        "{RECURSIVE} return Enumerable.Range(0, 6).Select(n => Enumerable.Range(n, 1).Sum(m => f(m)));"
    ));
    let sequence = made.eval(&mut host, &budget).unwrap();
    host.set_variable("numbers", sequence);
    let sum =
        compiled("var all = (IEnumerable<int>)context.Variables[\"numbers\"]; return all.Where(n => n > 1).Sum();");
    for _ in 0..2 {
        assert_eq!(sum.eval(&mut host, &budget).unwrap().to_text().unwrap(), "10");
    }
    let part = compiled("return ((IEnumerable<int>)context.Variables[\"numbers\"]).Skip(5);").eval(&mut host, &budget);
    host.set_variable("numbers", Value::Null);
    host.set_variable("part", part.unwrap());
    let last = compiled("return ((IEnumerable<int>)context.Variables[\"part\"]).Single();");
    assert_eq!(last.eval(&mut host, &budget).unwrap().to_text().unwrap(), "5");
}
