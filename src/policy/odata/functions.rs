//! The functions that expressions have by themselves, with how many arguments they take.

const FUNCTIONS: &[(&str, usize, usize)] = &[
    ("case", 1, usize::MAX),
    ("cast", 1, 2),
    ("ceiling", 1, 1),
    ("concat", 2, 2),
    ("contains", 2, 2),
    ("date", 1, 1),
    ("day", 1, 1),
    ("endswith", 2, 2),
    ("floor", 1, 1),
    ("fractionalseconds", 1, 1),
    ("geo.distance", 2, 2),
    ("geo.intersects", 2, 2),
    ("geo.length", 1, 1),
    ("hassubsequence", 2, 2),
    ("hassubset", 2, 2),
    ("hour", 1, 1),
    ("indexof", 2, 2),
    ("isof", 1, 2),
    ("length", 1, 1),
    ("matchespattern", 2, 2),
    ("maxdatetime", 0, 0),
    ("mindatetime", 0, 0),
    ("minute", 1, 1),
    ("month", 1, 1),
    ("now", 0, 0),
    ("replace", 3, 3),
    ("round", 1, 1),
    ("second", 1, 1),
    ("startswith", 2, 2),
    ("substring", 2, 3),
    ("substringof", 2, 2),
    ("time", 1, 1),
    ("tolower", 1, 1),
    ("totaloffsetminutes", 1, 1),
    ("totalseconds", 1, 1),
    ("toupper", 1, 1),
    ("trim", 1, 1),
    ("year", 1, 1),
];

fn find(name: &str) -> Option<&'static (&'static str, usize, usize)> {
    FUNCTIONS.iter().find(|(known, ..)| known.eq_ignore_ascii_case(name))
}

/// Whether there is a function of that name.
pub(super) fn is_known(name: &str) -> bool {
    find(name).is_some()
}

/// Whether a function takes so many arguments; the error says what is wrong.
pub(super) fn check(name: &str, count: usize) -> Result<(), String> {
    match find(name) {
        Some((_, least, most)) if (*least..=*most).contains(&count) => Ok(()),
        Some(_) => Err(format!("The function '{name}' does not take {count} arguments.")),
        None => Err(format!("The function '{name}' is not known.")),
    }
}
