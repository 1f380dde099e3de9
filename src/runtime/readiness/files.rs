//! Manifests on disk and on standard input: where they are, and their bytes.
//!
//! Walks directories; follows no link that leads out of what was named, opens nothing that is not a
//! file, and runs nothing. Never reads what is in them. Called by `check`.

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

/// One text that is to be read.
#[derive(Debug)]
pub(super) struct Source {
    /// The path as it was named or found; `-` for standard input.
    pub(super) name: SafeText,
    /// Whether it was found in a directory, and nobody said that it is a manifest.
    pub(super) is_found: bool,
    held: Held,
}

#[derive(Debug)]
enum Held {
    Input,
    File(PathBuf),
    /// It cannot be read, and why.
    Lost(SafeText),
}

/// What there is.
#[derive(Debug, Default)]
pub(super) struct Sources {
    /// What is to be read, in the order of the paths and of the names in them.
    pub(super) all: Vec<Source>,
    /// What is left out, and why.
    pub(super) left_out: Vec<SafeText>,
}

/// Everything that these paths name. Nothing is read yet.
pub(super) fn sources(paths: &[PathBuf]) -> Sources {
    let mut found = Sources::default();
    for path in paths {
        if path.as_os_str() == "-" {
            let (name, held) = (name_of(path), Held::Input);
            found.all.push(Source { name, is_found: false, held });
            continue;
        }
        match fs::metadata(path) {
            Ok(meta) if meta.is_dir() => {
                let mut walk = Walk { root: fs::canonicalize(path).ok(), found: &mut found };
                walk.directory(path, 0);
            }
            Ok(_) => found.add(path, false),
            Err(error) => found.lose(path, &error.to_string()),
        }
    }
    found
}

impl Sources {
    fn add(&mut self, path: &Path, is_found: bool) {
        let held = Held::File(path.to_path_buf());
        self.all.push(Source { name: name_of(path), is_found, held });
    }

    fn lose(&mut self, path: &Path, why: &str) {
        let held = Held::Lost(why.into());
        self.all.push(Source { name: name_of(path), is_found: false, held });
    }
}

/// One directory that was named.
struct Walk<'f> {
    /// Where it really is.
    root: Option<PathBuf>,
    found: &'f mut Sources,
}

impl Walk<'_> {
    fn directory(&mut self, directory: &Path, depth: usize) {
        if depth > DEEPEST {
            return self.found.lose(directory, "too many directories within each other");
        }
        let entries = fs::read_dir(directory).and_then(Iterator::collect::<io::Result<Vec<_>>>);
        let mut paths: Vec<PathBuf> = match entries {
            Ok(entries) => entries.into_iter().map(|entry| entry.path()).collect(),
            Err(error) => return self.found.lose(directory, &error.to_string()),
        };
        paths.sort();
        for path in paths {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if !name.starts_with('.') {
                self.entry(&path, depth);
            }
        }
    }

    fn entry(&mut self, path: &Path, depth: usize) {
        let meta = match fs::symlink_metadata(path) {
            Ok(meta) => meta,
            Err(error) => return self.found.lose(path, &error.to_string()),
        };
        if meta.is_dir() {
            return self.directory(path, depth + 1);
        }
        let is_file = if meta.is_symlink() { self.leads_to_file(path) } else { meta.is_file() };
        if !is_file || !is_manifest(path) {
            return;
        }
        if self.found.all.len() >= MOST {
            return self.found.lose(path, "too many files: name the directory you mean");
        }
        self.found.add(path, true);
    }

    /// Whether a link leads to a file below what was named: a volume of Kubernetes is made of such.
    /// Others are left out aloud where they look like something to read.
    fn leads_to_file(&mut self, path: &Path) -> bool {
        let end = fs::canonicalize(path).ok();
        let is_dir = end.as_deref().is_some_and(Path::is_dir);
        let inside = end.as_deref().zip(self.root.as_deref());
        if !is_dir && inside.is_some_and(|(end, root)| end.starts_with(root) && end.is_file()) {
            return true;
        }
        if is_dir || is_manifest(path) {
            let why = match end {
                None => "a link to nothing",
                Some(_) if is_dir => "a link to a directory",
                Some(_) => "a link that leads out of the directory",
            };
            self.found.left_out.push(format!("{}: {why}", path.display()).into());
        }
        false
    }
}

impl Source {
    /// Its bytes, at most one more than is asked for.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub(super) fn bytes(&self, most: usize) -> Result<Vec<u8>, SafeText> {
        let read = match &self.held {
            Held::Lost(why) => return Err(why.clone()),
            Held::Input => read(io::stdin().lock(), most),
            Held::File(path) => open(path).and_then(|file| read(file, most)),
        };
        read.map_err(|error| error.to_string().into())
    }
}

fn is_manifest(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    ENDINGS.iter().any(|known| ending.eq_ignore_ascii_case(known))
}

fn open(path: &Path) -> io::Result<File> {
    // A pipe or a device would be waited for.
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("this is neither a file nor a directory"));
    }
    File::open(path)
}

fn read(from: impl Read, most: usize) -> io::Result<Vec<u8>> {
    // One more than is allowed shows that there is more.
    let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Vec::new();
    from.take(limit).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn name_of(path: &Path) -> SafeText {
    SafeText::new(&path.to_string_lossy())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn names(found: &Sources, base: &Path) -> Vec<String> {
        let base = format!("{}/", base.display());
        found.all.iter().map(|source| source.name.replace(&base, "")).collect()
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
            (".data/map.yaml", "a volume"),
            ("c/d/e.json", "{}"),
        ] {
            let path = base.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        symlink("/etc/passwd", base.join("b/passwd.yaml")).unwrap();
        symlink("/etc/hostname", base.join("b/hostname")).unwrap();
        symlink(base, base.join("loop")).unwrap();
        symlink("nowhere", base.join("lost.yaml")).unwrap();
        symlink(".data/map.yaml", base.join("map.yaml")).unwrap();
        let found = sources(&[base.to_path_buf()]);
        assert_eq!(names(&found, base), ["a.YML", "b/web.yaml", "c/d/e.json", "map.yaml"]);
        assert!(found.all.iter().all(|source| source.is_found && source.bytes(1000).is_ok()));
        let left = ["leads out of the directory", "a link to a directory", "a link to nothing"];
        assert_eq!(found.left_out.len(), left.len(), "{:?}", found.left_out);
        for why in left {
            let said = |left: &SafeText| left.contains(why);
            assert!(found.left_out.iter().any(said), "{why}: {:?}", found.left_out);
        }
    }

    #[test]
    fn what_is_named_is_read_whatever_its_name_and_what_is_not_there_is_said() {
        let temp = tempfile::tempdir().unwrap();
        let named = temp.path().join("manifest");
        fs::write(&named, "kind: x").unwrap();
        let absent = temp.path().join("nothing");
        let found = sources(&[named, absent, PathBuf::from("/dev/zero")]).all;
        let bytes = |at: usize| found[at].bytes(4);
        assert_eq!(bytes(0).as_deref(), Ok("kind:".as_bytes()), "one byte too many is seen");
        assert!(bytes(1).unwrap_err().contains("No such file"));
        assert!(bytes(2).unwrap_err().contains("neither a file"));
        assert!(found.iter().all(|source| !source.is_found));
    }
}
