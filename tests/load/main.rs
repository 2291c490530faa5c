//! Reading templates and folders.

mod accepted;
mod cases;
mod corpus;
mod documentation;
mod secrets;
mod template;

use std::path::Path;

/// Writes files into a folder; a path may have folders.
fn write(folder: &Path, files: &[(impl AsRef<str>, impl AsRef<str>)]) {
    for (path, text) in files {
        let path = folder.join(path.as_ref());
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text.as_ref()).unwrap();
    }
}

/// A message without the path of the folder that was loaded.
fn below(folder: &Path, problem: &impl std::fmt::Display) -> String {
    let root = folder.display().to_string();
    problem.to_string().replace(&format!("{root}/"), "").replace(&root, "")
}
