//! Members of collections and small types: expressions with the text of their values.

use crate::expr::{Budget, Expression, JsonHost, Library, LineEnd};

/// An expression, and its value or the last part of the exception's name with the message.
const CASES: &[(&str, &str)] = &[
    ("string.Join(\",\", new List<int>{3,1,2}.FindAll(x => x > 1))", "3,2"),
    ("new List<int>{1,2,3}.FindIndex(1, x => x > 0)", "1"),
    ("new List<int>{1,2,3}.FindLast(x => x < 3)", "2"),
    ("new List<int>{1,2,3}.FindLastIndex(x => x < 3)", "1"),
    ("new List<int>{1,3,5}.BinarySearch(4)", "-3"),
    ("string.Join(\",\", new List<int>{1,2}.ConvertAll(x => x + \"!\"))", "1!,2!"),
    ("new List<int>{1,2,3}.AsReadOnly()[2]", "3"),
    ("new List<int>{1,2,3,4,5}.Capacity", "8"),
    (
        "new List<int>{1}.GetRange(0, 2)",
        "ArgumentException: Offset and length were out of bounds for the array or count is greater than the number of elements from index to the end of the source collection.",
    ),
    (
        "@{ var l = new List<int>{5}; l.InsertRange(0, new[]{1,2}); l.RemoveRange(1, 1); return string.Join(\",\", l); }",
        "1,5",
    ),
    (
        "@{ var l = new List<int>{5}; l.Insert(3, 1); return 0; }",
        "ArgumentOutOfRangeException: Index must be within the bounds of the List. (Parameter 'index')",
    ),
    (
        "@{ var l = new List<string>{\"b\",\"A\",\"a\"}; l.Sort(StringComparer.Ordinal); return string.Join(\"\", l); }",
        "Aab",
    ),
    (
        "@{ var l = new List<int>{1,2,3}; foreach (var x in l) { if (x == 1) l.Remove(x); } return 0; }",
        "InvalidOperationException: Collection was modified; enumeration operation may not execute.",
    ),
    (
        "@{ var d = new Dictionary<string,int>{{\"a\",1}}; foreach (var p in d) d[\"b\"] = 2; return 0; }",
        "InvalidOperationException: Collection was modified; enumeration operation may not execute.",
    ),
    (
        "new Dictionary<string,int>()[\"x\"]",
        "KeyNotFoundException: The given key 'x' was not present in the dictionary.",
    ),
    (
        "new Dictionary<string,int>{{\"a\",1},{\"a\",2}}",
        "ArgumentException: An item with the same key has already been added. Key: a",
    ),
    (
        "@{ var d = new Dictionary<string,int>{{\"a\",1},{\"b\",2},{\"c\",3}}; d.Remove(\"a\"); d[\"z\"] = 9; return string.Join(\",\", d.Keys); }",
        "z,b,c",
    ),
    (
        "@{ var d = new Dictionary<string,int>(StringComparer.OrdinalIgnoreCase){{\"a\",1}}; int v; return d.TryGetValue(\"A\", out v) + \":\" + v; }",
        "True:1",
    ),
    (
        "@{ IDictionary<string,int> d = new Dictionary<string,int>(); d[\"a\"] = 1; d.Add(\"b\", 2); d.Remove(\"a\"); return d.Count + string.Join(\"\", d.Keys) + d.ContainsKey(\"b\"); }",
        "1bTrue",
    ),
    (
        "@{ ICollection<KeyValuePair<string,int>> d = new Dictionary<string,int>(); d.Add(new KeyValuePair<string,int>(\"a\", 1)); return d.Contains(new KeyValuePair<string,int>(\"a\", 1)); }",
        "True",
    ),
    (
        "@{ IList<string> l = new List<string>(); l.Add(\"a\"); l.Insert(0, \"b\"); l[1] = \"c\"; l.RemoveAt(0); return l.IndexOf(\"c\") + \":\" + l.Count; }",
        "0:1",
    ),
    ("@{ IList<int> l = new[]{1,2}; l[0] = 7; return l[0] + l.Count; }", "9"),
    ("@{ IList<int> l = new[]{1}; l.Add(2); return 0; }", "NotSupportedException: Collection was of a fixed size."),
    ("@{ IReadOnlyCollection<int> c = new HashSet<int>{1,2}; return c.Count; }", "2"),
    ("@{ ISet<int> s = new HashSet<int>{1}; return s.Add(1) || s.IsSupersetOf(new[]{9}); }", "False"),
    (
        "@{ var s = new HashSet<string>(StringComparer.OrdinalIgnoreCase){\"a\"}; s.UnionWith(new[]{\"A\",\"b\"}); s.RemoveWhere(x => x == \"b\"); return string.Join(\"\", s); }",
        "a",
    ),
    ("@{ var e = new List<int>{1,2}.GetEnumerator(); var t = 0; while (e.MoveNext()) t += e.Current; return t; }", "3"),
    (
        "@{ var q = new Queue<int>(); q.Enqueue(1); q.Enqueue(2); int v; return q.TryDequeue(out v) + \":\" + v + q.Peek(); }",
        "True:12",
    ),
    ("new Stack<int>().Pop()", "InvalidOperationException: Stack empty."),
    ("string.Join(\",\", new Stack<int>(new[]{1,2,3}))", "3,2,1"),
    ("new KeyValuePair<string,int>(\"a\", 1).ToString()", "[a, 1]"),
    ("Tuple.Create(1, \"a\").ToString()", "(1, a)"),
    ("Tuple.Create(1, \"a\").Item2", "a"),
    ("((int?)null).GetValueOrDefault(4)", "4"),
    ("((int?)null).ToString() + ((int?)3).ToString()", "3"),
    ("((int?)null).Value", "InvalidOperationException: Nullable object must have a value."),
    ("Nullable.Compare((int?)1, null)", "1"),
    ("Enum.Parse(typeof(StringComparison), \"ordinal\", true)", "Ordinal"),
    ("Enum.Parse(typeof(StringComparison), \"x\")", "ArgumentException: Requested value 'x' was not found."),
    (
        "@{ RegexOptions o; return Enum.TryParse(\"IgnoreCase, Multiline\", out o) + \":\" + o; }",
        "True:IgnoreCase, Multiline",
    ),
    ("string.Join(\",\", Enum.GetNames(typeof(MidpointRounding)))", "ToEven,AwayFromZero"),
    ("(RegexOptions.IgnoreCase | RegexOptions.Multiline).HasFlag(RegexOptions.Multiline)", "True"),
    ("@{ var a = new[]{3,1,2}; Array.Sort(a, (x, y) => y - x); return string.Join(\",\", a); }", "3,2,1"),
    (
        "@{ var k = new[]{3,1,2}; var v = new[]{\"c\",\"a\",\"b\"}; Array.Sort(k, v); return string.Join(\"\", v); }",
        "abc",
    ),
    ("@{ var a = new int[4]; Array.Copy(new[]{1,2,3}, 1, a, 2, 2); return string.Join(\"\", a); }", "0023"),
    (
        "@{ var a = new byte[2]; Array.Copy(new byte[]{1,2,3}, a, 3); return 0; }",
        "ArgumentException: Destination array was not long enough. Check the destination index, length, and the array's lower bounds. (Parameter 'destinationArray')",
    ),
    (
        "@{ var a = (int[])new[]{1,2}.Clone(); Array.Clear(a, 0, 1); a.SetValue(9, 1); return a[0] + \",\" + a.GetValue(1); }",
        "0,9",
    ),
    ("Array.FindLastIndex(new[]{1,2,1}, x => x == 1) + Array.LastIndexOf(new[]{1,2,1}, 2)", "3"),
    ("new int[2,3].GetLength(1) + new int[2,3].Rank", "5"),
    (
        "new StringBuilder(\"abc\").AppendLine(\"d\").AppendFormat(\"{0:00}|{1}\", 7, null).Insert(0, 'x').ToString()",
        "xabcd\n07|",
    ),
    ("new StringBuilder(\"aXbX\").Replace(\"X\", \"--\", 2, 2).ToString()", "aXb--"),
    (
        "new StringBuilder(\"abc\").Remove(1, 9)",
        "ArgumentOutOfRangeException: Index was out of range. Must be non-negative and less than the size of the collection. (Parameter 'index')",
    ),
    (
        "@{ var s = new StringBuilder(\"ab\"); s[0] = 'z'; s.Length = 3; return s.Length + s.ToString(0, 2) + s.Capacity; }",
        "3zb16",
    ),
    ("new StringBuilder().AppendJoin(\"-\", new[]{1,2}).Append('x', 3).ToString()", "1-2xxx"),
];

fn answer(source: &str) -> String {
    let source = if source.starts_with('@') { source.to_owned() } else { format!("@({source})") };
    let expression = match Expression::compile(&source, &Library::lenient().line_end(LineEnd::Lf)) {
        Ok(expression) => expression,
        Err(errors) => return errors.to_string(),
    };
    match expression.eval(&mut JsonHost::default(), &Budget::default()) {
        Ok(value) => value.to_text().unwrap_or_default(),
        Err(error) => {
            let name = error.exception_type().rsplit('.').next().unwrap_or_default().to_owned();
            format!("{name}: {}", error.message())
        }
    }
}

#[test]
fn members_answer_as_in_dotnet() {
    let wrong: Vec<String> = CASES
        .iter()
        .map(|(source, expected)| (source, expected, answer(source)))
        .filter(|(_, expected, found)| found != *expected)
        .map(|(source, expected, found)| format!("{source}\n    is {found}\n    not {expected}"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_deep_tuple_is_refused() {
    let source = "@{ object o = 1; for (int i = 0; i < 1000; i++) o = Tuple.Create(o, i); return o.Equals(o); }";
    assert!(answer(source).contains("nested"));
}

#[test]
fn big_requests_end_at_the_budget() {
    for source in [
        "new List<int>(int.MaxValue)",
        "new StringBuilder().Append('x', int.MaxValue)",
        "new StringBuilder().Insert(0, \"xx\", int.MaxValue)",
        "@{ int[] a = null; Array.Resize(ref a, int.MaxValue); return a; }",
        "@{ var s = new StringBuilder(); s.Length = int.MaxValue; return s; }",
    ] {
        assert!(answer(source).contains("budget"), "{source}: {}", answer(source));
    }
}
