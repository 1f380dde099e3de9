//! Which file of a commit names the bad image.
//!
//! Exactly one place has to: none or several is an error that says where was looked. Reads trees
//! and files of a commit, never a disk, so that no link leads out of the repository. Called by
//! `propose`, and by `push` once more.

use std::ffi::OsStr;

use super::call::words;
use super::desk::{Desk, Entry, Tip};
use super::edit::{self, Form, Refusal, Site};
use super::error::GitError;
use crate::domain::gitops::{Inside, Revert};
use crate::domain::text::SafeText;

/// Most files that are read.
const MOST_FILES: usize = 100;

/// Most places that a sentence names.
const MOST_PLACES: usize = 5;

/// `mode` of a link, and of another repository.
const LINK: &str = "120000";
const SUBMODULE: &str = "160000";

/// The place that names the bad image.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) entry: Entry,
    pub(super) text: String,
    pub(super) site: Site,
}

/// A place of a file.
struct Seen {
    entry: usize,
    site: Site,
}

/// What was read.
#[derive(Default)]
struct Look {
    files: Vec<(Entry, String)>,
    seen: Vec<Seen>,
    /// Files that could not be read: they only matter when nothing else is found.
    unread: Option<GitError>,
}

/// The one place below `path` that names the bad image.
pub(super) async fn bad_image(
    desk: &Desk<'_>,
    tip: &Tip,
    path: &Inside,
    revert: &Revert,
) -> Result<Found, GitError> {
    check_path(desk, tip, path).await?;
    let files = candidates(desk, tip, path, revert).await?;
    let mut look = Look::default();
    for entry in files {
        read(desk, entry, revert, &mut look).await?;
    }
    choose(look, tip, path, revert)
}

/// Whether the path is there, and no link on the way.
async fn check_path(desk: &Desk<'_>, tip: &Tip, path: &Inside) -> Result<(), GitError> {
    let wrong = |prefix: &str, cause: &str| GitError::Path {
        path: SafeText::new(prefix),
        branch: SafeText::new(&tip.branch),
        cause: SafeText::new(cause),
    };
    for prefix in path.prefixes() {
        let found = desk.entries(&tip.commit, &[prefix]).await?;
        match found.first().map(|entry| entry.mode.as_str()) {
            None => return Err(wrong(prefix, "it is not there")),
            Some(LINK) => {
                return Err(wrong(prefix, "it is a symbolic link; name where it leads to"));
            }
            Some(SUBMODULE) => {
                return Err(wrong(prefix, "it is a submodule; name its own repository"));
            }
            Some(_) => {}
        }
    }
    Ok(())
}

/// Files of YAML in which the last word of an image's name stands, links left out.
async fn candidates(
    desk: &Desk<'_>,
    tip: &Tip,
    path: &Inside,
    revert: &Revert,
) -> Result<Vec<Entry>, GitError> {
    let mut asked = words(&["grep", "--files-with-matches", "--null", "--text", "--fixed-strings"]);
    asked.extend(words(&["--no-recurse-submodules", "-e", revert.from.word()]));
    asked.extend(words(&["-e", revert.to.word(), &tip.commit, "--"]));
    asked.extend((!path.is_root()).then(|| OsStr::new(path.as_str())));
    let step = "looking for the image in the repository";
    let answer = desk.local(step, &asked).await?;
    // 1 is "nothing found".
    if !matches!(answer.code, Some(0 | 1)) {
        let place = desk.caller.place.clone();
        return Err(GitError::Step { step, place, words: answer.words() });
    }
    let text = String::from_utf8_lossy(&answer.out).into_owned();
    let head = format!("{}:", tip.commit);
    let names = text.split('\0').filter_map(|line| line.strip_prefix(&head));
    let names: Vec<&str> = names.filter(|name| is_yaml(name)).collect();
    if names.len() > MOST_FILES {
        let cause = format!("{} files name {}; name a narrower path", names.len(), revert.from);
        return Err(GitError::Path {
            path: SafeText::from(path.to_string()),
            branch: SafeText::new(&tip.branch),
            cause: SafeText::from(cause),
        });
    }
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let entries = desk.entries(&tip.commit, &names).await?;
    Ok(entries.into_iter().filter(|entry| entry.mode.starts_with("100")).collect())
}

fn is_yaml(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let ending = name.rsplit_once('.').map(|(_, ending)| ending);
    name == "Kustomization" || matches!(ending, Some("yaml" | "yml"))
}

async fn read(
    desk: &Desk<'_>,
    entry: Entry,
    revert: &Revert,
    look: &mut Look,
) -> Result<(), GitError> {
    let wrong = |cause: &str| GitError::File {
        file: SafeText::new(&entry.path),
        cause: SafeText::new(cause),
    };
    let bytes = match desk.file(&entry.id).await {
        Err(GitError::Long { .. }) => Err(wrong("it is larger than 1 MiB")),
        other => Ok(other?.unwrap_or_default()),
    };
    let text = bytes.and_then(|bytes| {
        String::from_utf8(bytes).map_err(|_| wrong("it is not written in UTF-8"))
    });
    let sites = text.and_then(|text| {
        let found = edit::sites(&entry.path, &text, &revert.container, revert.from.repository());
        found.map(|sites| (text, sites)).map_err(|refusal| wrong(&refusal.to_string()))
    });
    match sites {
        Ok((text, sites)) => {
            let index = look.files.len();
            look.seen.extend(sites.into_iter().map(|site| Seen { entry: index, site }));
            look.files.push((entry, text));
        }
        Err(error) => look.unread = look.unread.take().or(Some(error)),
    }
    Ok(())
}

fn choose(look: Look, tip: &Tip, path: &Inside, revert: &Revert) -> Result<Found, GitError> {
    let Look { mut files, mut seen, unread } = look;
    // A container of that name may be in other workloads as well.
    let own = |seen: &Seen| {
        seen.site.form == Form::Container && seen.site.owner.1 == *revert.workload.name
    };
    if seen.iter().any(own) {
        seen.retain(|seen| seen.site.form != Form::Container || own(seen));
    }
    let branch = SafeText::new(&tip.branch);
    let bad: Vec<&Seen> = seen.iter().filter(|seen| seen.site.is(&revert.from)).collect();
    match bad.as_slice() {
        [one] => {
            let (index, site) = (one.entry, one.site.clone());
            let lost = GitError::NotFound {
                path: SafeText::from(path.to_string()),
                branch,
                container: revert.container.clone(),
            };
            if index >= files.len() {
                return Err(lost);
            }
            let (entry, text) = files.swap_remove(index);
            Ok(Found { entry, text, site })
        }
        [] => Err(none(&files, &seen, unread, branch, path, revert)),
        several => {
            let places = several.iter().take(MOST_PLACES).map(|seen| place(&files, seen));
            let mut places = places.collect::<Vec<String>>().join(", ");
            if several.len() > MOST_PLACES {
                places.push_str(&format!(" and {} more", several.len() - MOST_PLACES));
            }
            let from = SafeText::new(revert.from.as_str());
            Err(GitError::Several { from, places: SafeText::from(places) })
        }
    }
}

/// Why nothing was found: the good image stands there, something that cannot be read, a third
/// image, nothing.
fn none(
    files: &[(Entry, String)],
    seen: &[Seen],
    unread: Option<GitError>,
    branch: SafeText,
    path: &Inside,
    revert: &Revert,
) -> GitError {
    if let Some(good) = seen.iter().find(|seen| seen.site.is(&revert.to)) {
        let file = SafeText::from(place(files, good));
        return GitError::Already { file, branch, image: SafeText::new(revert.to.as_str()) };
    }
    let refused = seen.iter().find_map(|seen| Some((seen, seen.site.refusal()?)));
    if let Some((seen, refusal)) = refused {
        return of_file(file(files, seen), refusal);
    }
    if let Some(other) = seen.first() {
        return GitError::Other {
            file: SafeText::from(place(files, other)),
            image: SafeText::new(&other.site.image),
            from: SafeText::new(revert.from.as_str()),
        };
    }
    unread.unwrap_or_else(|| GitError::NotFound {
        path: SafeText::from(path.to_string()),
        branch,
        container: revert.container.clone(),
    })
}

fn file<'f>(files: &'f [(Entry, String)], seen: &Seen) -> &'f str {
    files.get(seen.entry).map_or("", |(entry, _)| &entry.path)
}

/// `environments/production/shop/deployment.yaml:12`.
fn place(files: &[(Entry, String)], seen: &Seen) -> String {
    format!("{}:{}", file(files, seen), seen.site.line)
}

/// What is wrong in a file.
pub(super) fn of_file(file: &str, refusal: &Refusal) -> GitError {
    GitError::File { file: SafeText::new(file), cause: SafeText::from(refusal.to_string()) }
}
