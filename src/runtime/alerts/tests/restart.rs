//! What is on disk when the program is killed, and what the next start makes of it.

use std::os::unix::fs::PermissionsExt as _;

use super::*;
use crate::domain::time::Span;
use crate::runtime::alerts::book::Book;
use Occasion::{Acting, Firing, Restored};

/// Whether a name ends so.
fn has(name: &str, extension: &str) -> bool {
    Path::new(name).extension().is_some_and(|found| found == extension)
}

/// Names and texts of the files that are there.
fn files(directory: &Path) -> Vec<(String, String)> {
    let Ok(entries) = std::fs::read_dir(directory) else { return Vec::new() };
    let mut found: Vec<(String, String)> = entries
        .filter_map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            // What is about to be the next text is nothing yet.
            if has(&name, "new") {
                return None;
            }
            Some((name, std::fs::read_to_string(path).ok()?))
        })
        .collect();
    found.sort();
    found
}

/// Ends a run in the middle: nothing is finished, and its lock is gone with it.
async fn kill(stage: Stage) {
    drop(stage);
    sleep(Duration::from_millis(50)).await;
}

/// All that is kept.
fn kept(directory: &Path) -> String {
    let lines = files(directory).into_iter().filter(|(name, _)| has(name, "jsonl"));
    lines.map(|(_, text)| text).collect()
}

#[tokio::test]
async fn what_was_not_told_when_it_was_killed_is_told_by_the_next_run() {
    let dir = tempfile::tempdir().unwrap();
    let place = dir.path().join("alerts");
    let dead = Fake::new([Play::Take], Play::Hang);
    let stage = Stage::new(Kind::Webhook, &dead, Some(&place));
    stage.tell("i", &[Firing, Acting, Restored]);
    until(|| kept(&place).contains("\"told\":\"i/firing\"")).await;
    for (name, _) in files(&place) {
        let mode = std::fs::metadata(place.join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    kill(stage).await;

    let fake = Fake::new([], Play::Take);
    let stage = Stage::new(Kind::Webhook, &fake, Some(&place));
    // What is told again is known already, even what an earlier run told.
    stage.tell("i", &[Firing, Acting, Restored]);
    stage.tell("j", &[Firing]);
    until(|| fake.took().len() >= 3).await;
    assert_eq!(fake.took()[..2], ["i/acting", "i/restored"]);
    assert_eq!(stage.alerts.finish(Duration::from_secs(1)).await, None);
    assert_eq!(fake.took(), ["i/acting", "i/restored", "j/firing"]);
    let mut again = Book::default();
    again.read(&kept(&place), &["ops".into()]);
    assert_eq!(
        (again.left(), files(&place).len()),
        (0, 2),
        "one file and its lock: {:?}",
        files(&place)
    );
}

#[tokio::test]
async fn what_is_left_on_leaving_is_kept_and_said() {
    let dir = tempfile::tempdir().unwrap();
    let fake = Fake::new([], away());
    let stage = Stage::new(Kind::Webhook, &fake, Some(dir.path()));
    until(|| files(dir.path()).len() == 1).await;
    stage.tell("i", &[Firing, Acting]);
    let said = stage.alerts.finish(Duration::from_millis(20)).await.unwrap();
    assert_eq!(said, "alerts: 2 not delivered yet, kept for the next start");
    assert!(kept(dir.path()).contains("i/acting"));
}

#[tokio::test]
async fn what_is_older_than_an_hour_is_dropped_and_counted() {
    let dir = tempfile::tempdir().unwrap();
    let stage = Stage::new(Kind::Webhook, &Fake::new([], Play::Hang), Some(dir.path()));
    stage.tell("old", &[Firing, Acting]);
    let mut young = alert("young", Firing);
    young.at = noon() + Span::minutes(30);
    stage.alerts.tell(young);
    until(|| kept(dir.path()).contains("young")).await;
    kill(stage).await;
    let fake = Fake::new([], Play::Take);
    let later = noon() + Span::minutes(61);
    let mut stage = Stage::at(later, Kind::Webhook, &fake, Some(dir.path()));
    until(|| !fake.took().is_empty()).await;
    assert_eq!(fake.took(), ["young/firing"]);
    assert_eq!(stage.troubles(), ["alerts: 2 of an earlier run dropped: older than an hour"]);
}

#[tokio::test]
async fn two_runs_at_once_leave_each_others_alerts_alone() {
    let dir = tempfile::tempdir().unwrap();
    let first = Fake::new([], Play::Hang);
    let one = Stage::new(Kind::Webhook, &first, Some(dir.path()));
    one.tell("i", &[Firing]);
    until(|| kept(dir.path()).contains("i/firing")).await;
    let second = Fake::new([], Play::Take);
    let two = Stage::new(Kind::Webhook, &second, Some(dir.path()));
    two.tell("j", &[Firing]);
    until(|| kept(dir.path()).contains("\"told\":\"j/firing\"")).await;
    assert_eq!(second.took(), ["j/firing"], "the first still lives, and tells its own");
    assert_eq!(files(dir.path()).len(), 4);
}

#[tokio::test]
async fn a_torn_or_strange_file_loses_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let stage = Stage::new(Kind::Webhook, &Fake::new([], Play::Hang), Some(dir.path()));
    stage.tell("i", &[Firing, Acting]);
    until(|| kept(dir.path()).contains("i/acting")).await;
    kill(stage).await;
    let (name, text) = files(dir.path()).into_iter().find(|(n, _)| has(n, "jsonl")).unwrap();
    let whole = text.len();
    for cut in [whole - 1, whole - 20, whole / 2] {
        let mut book = Book::default();
        book.read(&format!("\0junk\n{{\"alert\":3}}\n{}", &text[..cut]), &["ops".into()]);
        assert_eq!(book.left(), if cut == whole - 1 { 2 } else { 1 }, "cut at {cut}");
    }
    std::fs::write(dir.path().join(name), format!("{{\n{}", &text[..whole - 20])).unwrap();
    let fake = Fake::new([], Play::Take);
    let _stage = Stage::new(Kind::Webhook, &fake, Some(dir.path()));
    until(|| !fake.took().is_empty()).await;
    assert_eq!(fake.took(), ["i/firing"]);
}

#[tokio::test]
async fn a_disk_that_takes_nothing_is_said_and_delivers_all_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    std::fs::write(&file, "in the way").unwrap();
    let fake = Fake::new([], Play::Take);
    let mut stage = Stage::new(Kind::Webhook, &fake, Some(&file.join("alerts")));
    stage.tell("i", &[Firing]);
    until(|| !fake.took().is_empty()).await;
    let said = stage.troubles();
    assert!(said.len() == 1 && said[0].starts_with("alerts: held in memory only: "), "{said:?}");
}

#[tokio::test]
async fn a_full_disk_is_tried_again_and_kept_when_there_is_room() {
    let dir = tempfile::tempdir().unwrap();
    let fake = Fake::new([], Play::Hang);
    let mut stage = Stage::new(Kind::Webhook, &fake, Some(dir.path()));
    until(|| files(dir.path()).len() == 1).await;
    // Where the new text is written first, nothing can be: as when the disk is full.
    let name = files(dir.path())[0].0.replace(".lock", ".new");
    let in_the_way = dir.path().join(name);
    std::fs::create_dir(&in_the_way).unwrap();
    stage.tell("i", &[Firing]);
    let mut said = Vec::new();
    until(|| {
        said.extend(stage.troubles());
        !said.is_empty()
    })
    .await;
    assert!(said[0].starts_with("alerts: held in memory only: "), "{said:?}");
    std::fs::remove_dir(&in_the_way).unwrap();
    until(|| kept(dir.path()).contains("i/firing")).await;
}
