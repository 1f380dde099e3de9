//! Manifests on disk and on standard input, as bytes with their names.
//!
//! Walks directories; follows no link below what was named, opens nothing that is not a file, and
//! runs nothing. Never reads what is in them. Called by `check`.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::domain::text::SafeText;

/// What is taken for a manifest in a directory. A file that was named is read whatever its name.
const ENDINGS: [&str; 3] = ["yaml", "yml", "json"];

/// Most files of one call: somebody named the wrong directory.
const MOST: usize = 100_000;

/// Directories within each other.
const DEEPEST: usize = 64;

/// One text with its name, or why it cannot be read.
#[derive(Debug)]
pub(super) struct Source {
    /// The path as it was named or found; `-` for standard input.
    pub(super) name: SafeText,
    /// Its bytes; at most one more than was asked for.
    pub(super) bytes: Result<Vec<u8>, SafeText>,
}

/// Everything that these paths name, in the order of the paths and of the names in them.
pub(super) fn sources(paths: &[PathBuf], most_bytes: usize) -> Vec<Source> {
    let mut found = Vec::new();
    for path in paths {
        if path.as_os_str() == "-" {
            found.push(read(path, most_bytes, Ok(Box::new(io::stdin().lock()))));
            continue;
        }
        match fs::metadata(path) {
            Ok(meta) if meta.is_dir() => walk(path, 0, most_bytes, &mut found),
            Ok(_) => found.push(read(path, most_bytes, open(path))),
            Err(error) => found.push(lost(path, &error.to_string())),
        }
    }
    found
}

fn walk(directory: &Path, depth: usize, most_bytes: usize, found: &mut Vec<Source>) {
    if depth > DEEPEST {
        return found.push(lost(directory, "too many directories within each other"));
    }
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) => return found.push(lost(directory, &error.to_string())),
    };
    let mut paths: Vec<PathBuf> = entries.filter_map(|e| e.ok().map(|e| e.path())).collect();
    paths.sort();
    for path in paths {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name.starts_with('.') {
            continue;
        }
        let Ok(meta) = fs::symlink_metadata(&path) else { continue };
        if meta.is_dir() {
            walk(&path, depth + 1, most_bytes, found);
        } else if meta.is_file() && is_manifest(&path) {
            if found.len() >= MOST {
                return found.push(lost(&path, "too many files: name the directory you mean"));
            }
            found.push(read(&path, most_bytes, open(&path)));
        }
    }
}

fn is_manifest(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    ENDINGS.iter().any(|known| ending.eq_ignore_ascii_case(known))
}

fn open(path: &Path) -> io::Result<Box<dyn Read>> {
    // A pipe or a device would be waited for.
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("this is neither a file nor a directory"));
    }
    Ok(Box::new(File::open(path)?))
}

fn read(path: &Path, most_bytes: usize, opened: io::Result<Box<dyn Read + '_>>) -> Source {
    // One more than is allowed shows that there is more.
    let limit = u64::try_from(most_bytes).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Vec::new();
    match opened.and_then(|file| file.take(limit).read_to_end(&mut bytes)) {
        Ok(_) => Source { name: name_of(path), bytes: Ok(bytes) },
        Err(error) => lost(path, &error.to_string()),
    }
}

fn lost(path: &Path, why: &str) -> Source {
    Source { name: name_of(path), bytes: Err(why.into()) }
}

fn name_of(path: &Path) -> SafeText {
    SafeText::new(&path.to_string_lossy())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(found: &[Source], base: &Path) -> Vec<String> {
        let base = format!("{}/", base.display());
        found.iter().map(|source| source.name.replace(&base, "")).collect()
    }

    #[test]
    fn a_directory_is_walked_in_order_and_no_link_leads_out_of_it() {
        let temp = tempfile::tempdir().unwrap();
        let base = temp.path();
        for (name, text) in [
            ("b/web.yaml", "b"),
            ("a.YML", "a"),
            ("notes.txt", "no"),
            (".git/config.yaml", "no"),
            ("c/d/e.json", "{}"),
        ] {
            let path = base.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        std::os::unix::fs::symlink("/etc/passwd", base.join("b/passwd.yaml")).unwrap();
        std::os::unix::fs::symlink(base, base.join("loop")).unwrap();
        let found = sources(&[base.to_path_buf()], 1000);
        assert_eq!(names(&found, base), ["a.YML", "b/web.yaml", "c/d/e.json"]);
        assert!(found.iter().all(|source| source.bytes.is_ok()));
    }

    #[test]
    fn what_is_named_is_read_whatever_its_name_and_what_is_not_there_is_said() {
        let temp = tempfile::tempdir().unwrap();
        let named = temp.path().join("manifest");
        fs::write(&named, "kind: x").unwrap();
        let absent = temp.path().join("nothing");
        let found = sources(&[named, absent, PathBuf::from("/dev/zero")], 4);
        assert_eq!(found[0].bytes.as_deref(), Ok("kind:".as_bytes()), "one byte too many is seen");
        assert!(found[1].bytes.as_ref().unwrap_err().contains("No such file"));
        assert!(found[2].bytes.as_ref().unwrap_err().contains("neither a file"));
    }
}
