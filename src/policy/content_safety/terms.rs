//! What must not be in a text, as it is for one request.

use serde_json::{Value as Json, json};

use super::super::setting::Literal;
use crate::expr::Value;

/// What must not be in a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Terms {
    /// Each category with the severity from which on a text is refused.
    pub(crate) categories: Vec<(Category, u64)>,
    pub(crate) blocklists: Vec<String>,
    pub(crate) output_type: OutputType,
}

/// A category of harm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Category {
    Hate,
    SelfHarm,
    Sexual,
    Violence,
}

/// `output-type`: which severities the service tells apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum OutputType {
    /// 0, 2, 4 and 6.
    #[default]
    Four,
    /// 0 to 7.
    Eight,
}

impl Category {
    const ALL: [Self; 4] = [Self::Hate, Self::SelfHarm, Self::Sexual, Self::Violence];

    fn name(self) -> &'static str {
        match self {
            Self::Hate => "Hate",
            Self::SelfHarm => "SelfHarm",
            Self::Sexual => "Sexual",
            Self::Violence => "Violence",
        }
    }
}

impl OutputType {
    fn name(self) -> &'static str {
        match self {
            Self::Four => "FourSeverityLevels",
            Self::Eight => "EightSeverityLevels",
        }
    }
}

impl Literal for Category {
    fn literal(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|category| category.name().eq_ignore_ascii_case(text.trim()))
    }

    fn value(value: Value) -> Result<Self, String> {
        let text = value.to_text().unwrap_or_default();
        Self::literal(&text).ok_or_else(|| format!("'{text}' is no category of content safety."))
    }
}

impl Literal for OutputType {
    fn literal(text: &str) -> Option<Self> {
        [Self::Four, Self::Eight].into_iter().find(|kind| kind.name().eq_ignore_ascii_case(text.trim()))
    }

    fn value(value: Value) -> Result<Self, String> {
        let text = value.to_text().unwrap_or_default();
        Self::literal(&text).ok_or_else(|| format!("'{text}' is no output type of content safety."))
    }
}

impl Terms {
    /// Whether there is nothing that must not be in a text.
    pub(super) fn is_empty(&self) -> bool {
        self.categories.is_empty() && self.blocklists.is_empty()
    }

    /// The question to the service.
    pub(super) fn question(&self, text: &str) -> Json {
        let mut names: Vec<_> = Vec::new();
        for (category, _) in &self.categories {
            if !names.contains(&category.name()) {
                names.push(category.name());
            }
        }
        let mut question = json!({ "text": text, "haltOnBlocklistHit": true, "outputType": self.output_type.name() });
        // What is empty has another meaning: all categories, a list that is not there.
        if !names.is_empty() {
            question["categories"] = json!(names);
        }
        if !self.blocklists.is_empty() {
            question["blocklistNames"] = json!(self.blocklists);
        }
        question
    }

    /// Whether the service's answer lets a text pass; the error says why not.
    pub(super) fn judge(&self, answer: &Json) -> Result<(), String> {
        let hits = answer.get("blocklistsMatch").and_then(Json::as_array).map_or(0, Vec::len);
        if hits > 0 {
            return Err("The text has an item of a blocklist.".to_owned());
        }
        let analysis = answer.get("categoriesAnalysis").and_then(Json::as_array);
        for (category, threshold) in &self.categories {
            let is_it = |found: &&Json| {
                found
                    .get("category")
                    .and_then(Json::as_str)
                    .is_some_and(|name| name.eq_ignore_ascii_case(category.name()))
            };
            let found = analysis.and_then(|analysis| analysis.iter().find(is_it));
            let name = category.name();
            match found.and_then(|found| found.get("severity")).and_then(Json::as_u64) {
                Some(severity) if severity >= *threshold => {
                    return Err(format!("{name} has the severity {severity}: the threshold is {threshold}."));
                }
                Some(_) => {}
                None => return Err(format!("The service's answer says nothing of {name}.")),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms() -> Terms {
        let categories = vec![(Category::Hate, 4), (Category::SelfHarm, 1)];
        Terms { categories, blocklists: vec!["words".to_owned()], output_type: OutputType::Eight }
    }

    #[test]
    fn the_question_has_what_is_configured() {
        assert_eq!(
            terms().question("a"),
            json!({
                "text": "a", "categories": ["Hate", "SelfHarm"], "blocklistNames": ["words"],
                "haltOnBlocklistHit": true, "outputType": "EightSeverityLevels",
            })
        );
        let twice = vec![(Category::Hate, 4), (Category::SelfHarm, 1), (Category::Hate, 2)];
        let terms = Terms { categories: twice, ..Terms::default() };
        assert_eq!(terms.question("a")["categories"], json!(["Hate", "SelfHarm"]));
        let none = json!({ "text": "a", "haltOnBlocklistHit": true, "outputType": "FourSeverityLevels" });
        assert_eq!(Terms::default().question("a"), none);
    }

    #[test]
    fn a_severity_from_the_threshold_on_is_refused() {
        let of = |hate: i64, harm: i64| {
            json!({
                "blocklistsMatch": [],
                "categoriesAnalysis": [{"category": "SelfHarm", "severity": harm}, {"category": "Hate", "severity": hate}],
            })
        };
        assert_eq!(terms().judge(&of(3, 0)), Ok(()));
        assert_eq!(terms().judge(&of(4, 0)).unwrap_err(), "Hate has the severity 4: the threshold is 4.");
        assert_eq!(terms().judge(&of(0, 1)).unwrap_err(), "SelfHarm has the severity 1: the threshold is 1.");
        assert_eq!(terms().judge(&of(-1, 0)).unwrap_err(), "The service's answer says nothing of Hate.");
        let hit = json!({ "blocklistsMatch": [{ "blocklistName": "words" }] });
        assert_eq!(terms().judge(&hit).unwrap_err(), "The text has an item of a blocklist.");
        assert_eq!(terms().judge(&json!({})).unwrap_err(), "The service's answer says nothing of Hate.");
    }
}
