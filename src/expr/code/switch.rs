//! `switch`.

use super::emit::Emitter;
use super::function::Code;
use super::run::Run;
use super::statement::{Flow, Step, renew};
use crate::expr::bind::tree::Switch;

impl Emitter<'_> {
    pub(super) fn switch(&self, switch: &Switch) -> Step {
        let (value, temp, cells) = (self.value(&switch.value), self.place(switch.temp), self.fresh(&switch.scope));
        let sections: Vec<(Vec<Code<bool>>, Step)> = switch
            .sections
            .iter()
            .map(|section| {
                let tests = section.tests.iter().map(|t| self.boolean(t)).collect();
                let steps: Box<[Step]> = section.body.iter().map(|s| self.step(s)).collect();
                let body: Step = Box::new(move |run: &mut Run<'_>| {
                    for step in &steps {
                        match step(run)? {
                            Flow::Next => {}
                            other => return Ok(other),
                        }
                    }
                    Ok(Flow::Next)
                });
                (tests, body)
            })
            .collect();
        let default = switch.default;
        Box::new(move |run| {
            renew(run, &cells);
            let value = value(run)?;
            temp.store(run, value);
            let mut chosen = default;
            'search: for (index, (tests, _)) in sections.iter().enumerate() {
                for test in tests {
                    if test(run)? {
                        chosen = Some(index);
                        break 'search;
                    }
                }
            }
            while let Some((_, body)) = chosen.and_then(|index| sections.get(index)) {
                match body(run)? {
                    Flow::Section(next) => chosen = Some(next),
                    Flow::Break | Flow::Next => break,
                    other => return Ok(other),
                }
            }
            Ok(Flow::Next)
        })
    }
}
