//! From what was measured to the rows of the table.

use serde_json::{Value, json};

use crate::Options;
use crate::figures::{Slope, short, slope};
use crate::growth::Point;
use crate::program::{Program, Which};
use crate::record::Record;
use crate::table::{Cell, Table};

/// All that was measured.
#[derive(Debug, Default)]
pub(crate) struct Results {
    pub(crate) own: Vec<(Which, Record)>,
    pub(crate) real: Vec<(Which, Record)>,
    pub(crate) growth: Vec<(Which, Point)>,
    pub(crate) loads: Vec<String>,
}

/// The whole table.
pub(crate) fn table(options: &Options, programs: &[Program], results: &Results) -> Table {
    let mut table = Table::default();
    let fleet = format!("{} rollouts, {} pods", options.rollouts, options.rollouts * 10);
    for (records, id, place) in
        [(&results.real, "real", "real API server"), (&results.own, "own", "own server")]
    {
        starting(&mut table, records, id, place);
        following(&mut table, records, id, place, options);
    }
    doing(&mut table, &results.own);
    idling(&mut table, results);
    holding(&mut table, results, &fleet);
    growing(&mut table, &results.growth);
    let sizes = programs.iter().map(|program| (program.which, size(program)));
    table.row("binary", "binary, stripped, MB", "9", sizes);
    table.note(format!(
        "{fleet}; p50 / p99 (n), times in ms; terminal 200x60, loopback with TLS; load average at the {}",
        results.loads.iter().map(|load| format!("stations of the run: {load}")).collect::<Vec<_>>().join("; then ")
    ));
    for note in &options.note {
        table.note(note.clone());
    }
    table
}

type Records = [(Which, Record)];

/// One cell for each program.
fn each(records: &Records, cell: impl Fn(&Record) -> Option<Cell>) -> Vec<(Which, Option<Cell>)> {
    records.iter().map(|(which, record)| (*which, cell(record))).collect()
}

fn starting(table: &mut Table, records: &Records, id: &str, place: &str) {
    for (at, home) in ["first time", "known cluster"].iter().enumerate() {
        let name = ["new", "known"].get(at).copied().unwrap_or_default();
        let first = each(records, |record| record.first.get(at).and_then(Cell::spread));
        let what = format!("start to first painted frame, {home}, {place}");
        table.row(&format!("first-{name}-{id}"), &what, "20", first);
        let live = each(records, |record| record.live.get(at).and_then(Cell::spread));
        let what = format!("start to first live screen, {home}, {place}");
        table.row(&format!("live-{name}-{id}"), &what, "250", live);
    }
}

fn following(table: &mut Table, records: &Records, id: &str, place: &str, options: &Options) {
    let rate = if id == "own" { options.rate } else { options.patches };
    let rows = [
        ("spaced", "spaced".to_owned(), "1 / 4"),
        ("pairs", "second of a pair 5-200 ms apart".to_owned(), "1 / 4"),
        ("burst", format!("in bursts of {rate}/s"), "33 (p99)"),
    ];
    for (name, words, goal) in rows {
        let taken = |record: &Record| match name {
            "spaced" => record.spaced.clone(),
            "pairs" => record.pairs.clone(),
            _ => record.burst(),
        };
        let what = format!("change to bytes, {words}, {place}");
        let cells = each(records, |record| Cell::spread(&taken(record).arrived));
        table.row(&format!("{name}-bytes-{id}"), &what, goal, cells);
        let what = format!("change to parsed cell, {words}, {place}");
        let cells = each(records, |record| Cell::spread(&taken(record).shown));
        table.row(&format!("{name}-cell-{id}"), &what, goal, cells);
        let lost = each(records, |record| {
            let lost = taken(record).lost;
            (lost > 0).then(|| Cell::words(lost.to_string(), json!(lost)))
        });
        table.row(
            &format!("{name}-lost-{id}"),
            &format!("... never shown, {words}, {place}"),
            "0",
            lost,
        );
    }
}

fn doing(table: &mut Table, own: &Records) {
    let keys = each(own, |record| Cell::spread(&record.keys));
    table.row(
        "key",
        "key (or command) to PATCH on the wire, with the journal's fsync",
        "2 / 12",
        keys,
    );
}

fn idling(table: &mut Table, results: &Results) {
    let records = if results.real.is_empty() { &results.own } else { &results.real };
    let of_each = records.iter().map(|(_, r)| r.quiet.iter().map(|q| q.seconds).sum::<f64>());
    let window = of_each.fold(0.0, f64::max);
    let mean = |figure: fn(&crate::quiet::Quiet) -> f64| {
        each(records, |record| {
            #[expect(clippy::cast_precision_loss, reason = "two or three")]
            let n = record.quiet.len() as f64;
            (n > 0.0).then(|| Cell::number(record.quiet.iter().map(figure).sum::<f64>() / n))
        })
    };
    table.row(
        "idle-cpu",
        &format!("idle CPU, % of a core, over {window:.0} s"),
        "0.1",
        mean(|q| q.cpu_percent),
    );
    table.row("idle-bytes", "idle bytes/s to the terminal", "35", mean(|q| q.bytes));
    table.row("idle-frames", "idle frames/s (synchronized updates)", "1", mean(|q| q.frames));
    table.row("idle-wakes", "idle voluntary switches/s", "2", mean(|q| q.switches));
    let own = &results.own;
    let bytes = each(own, |record| Cell::spread(&record.spaced.bytes));
    table.row("update-bytes", "bytes of a typical update", "100", bytes);
    let redraw = each(own, |record| Cell::middle(&record.redraw));
    table.row("redraw-bytes", "bytes of a full redraw", "14,000", redraw);
    let writes = each(own, |record| {
        let sum =
            |count: fn(&crate::changes::Burst) -> u64| record.bursts.iter().map(count).sum::<u64>();
        let (writes, frames) = (sum(|b| b.writes.0), sum(|b| b.painted.frames));
        #[expect(clippy::cast_precision_loss, reason = "some thousands")]
        let each = writes as f64 / frames as f64;
        (writes > 0 && frames > 0)
            .then(|| Cell::words(short(each), json!({"writes": writes, "frames": frames})))
    });
    table.row("writes", "write calls of the terminal's thread for each frame", "1", writes);
}

fn holding(table: &mut Table, results: &Results, fleet: &str) {
    for (records, id, place) in
        [(&results.real, "real", "real API server"), (&results.own, "own", "own server")]
    {
        let memory =
            |figure: fn(&Record) -> Option<[f64; 3]>| each(records, |r| figure(r).map(three));
        let what = format!("memory after sync, MiB: resident, Pss, peak; {fleet}, {place}");
        table.row(&format!("memory-{id}"), &what, "32", memory(|r| r.synced));
        let what = format!("the same after all changes, {place}");
        table.row(&format!("memory-after-{id}"), &what, "32", memory(|r| r.after));
        let cpu = each(records, |record| record.event_us().map(Cell::number));
        let what = format!("CPU for each event of a burst, us, {place}");
        table.row(&format!("event-{id}"), &what, "25", cpu);
        let frames = each(records, |record| record.burst_frames().map(Cell::number));
        table.row(&format!("frames-{id}"), &format!("frames/s in a burst, {place}"), "", frames);
    }
}

fn three([resident, proportional, peak]: [f64; 3]) -> Cell {
    Cell::words(
        format!("{resident:.0}, {proportional:.0}, {peak:.0}"),
        json!({"resident": resident, "proportional": proportional, "peak": peak}),
    )
}

fn growing(table: &mut Table, growth: &[(Which, Point)]) {
    let mut pods: Vec<usize> = growth.iter().map(|(_, point)| point.pods).collect();
    pods.sort_unstable();
    pods.dedup();
    for count in &pods {
        let at = |cell: &dyn Fn(&Point) -> Option<Cell>| -> Vec<(Which, Option<Cell>)> {
            let here = growth.iter().filter(|(_, point)| point.pods == *count);
            here.map(|(which, point)| (*which, cell(point))).collect()
        };
        let id = |name: &str| format!("{name}-{count}");
        table.row(
            &id("growth-live"),
            &format!("{count} pods: start to live screen"),
            "",
            at(&|p| Cell::middle(&p.live)),
        );
        table.row(
            &id("growth-sync"),
            &format!("{count} pods: start to all listed and watched"),
            "",
            at(&|p| Cell::middle(&p.synced)),
        );
        table.row(
            &id("growth-memory"),
            &format!("{count} pods: memory"),
            if *count == 100_000 { "128" } else { "" },
            at(&|p| Some(three(p.memory))),
        );
        table.row(
            &id("growth-event"),
            &format!("{count} pods: CPU for each event, us"),
            "25",
            at(&|p| Some(Cell::number(p.event_us))),
        );
        table.row(
            &id("growth-shown"),
            &format!("{count} pods: change to parsed cell, spaced"),
            "",
            at(&|p| Cell::spread(&p.shown)),
        );
    }
    exponent(table, growth, "memory", "1.0", |point| Some(point.memory[1]));
    exponent(table, growth, "sync time", "1.0", |point| point.synced.median());
    exponent(table, growth, "CPU for each event", "0.05", |point| Some(point.event_us));
    exponent(table, growth, "change to parsed cell", "0.05", |point| point.shown.median());
}

fn exponent(
    table: &mut Table,
    growth: &[(Which, Point)],
    what: &str,
    goal: &str,
    figure: impl Fn(&Point) -> Option<f64>,
) {
    let of = |which: Which| {
        let points: Vec<(f64, f64)> = growth
            .iter()
            .filter(|(w, _)| *w == which)
            .filter_map(|(_, point)| {
                #[expect(clippy::cast_precision_loss, reason = "at most some hundred thousand")]
                let pods = point.pods as f64;
                Some((pods, figure(point)?))
            })
            .collect();
        let Slope { exponent, half } = slope(&points)?;
        let json: Value = json!({"exponent": exponent, "half_interval": half, "points": points});
        Some(Cell::words(format!("{exponent:.2} +- {half:.2}"), json))
    };
    let cells = [Which::Waveoff, Which::Plugin, Which::Sofka].map(|which| (which, of(which)));
    table.row(
        &format!("exponent-{}", what.replace(' ', "-")),
        &format!("growth exponent over pods: {what}"),
        goal,
        cells,
    );
}

/// Of a stripped copy.
fn size(program: &Program) -> Option<Cell> {
    let place = tempfile::tempdir().ok()?;
    let copy = place.path().join("stripped");
    std::fs::copy(&program.path, &copy).ok()?;
    let stripped = std::process::Command::new("strip").arg(&copy).status();
    let note = if stripped.is_ok_and(|status| status.success()) { "" } else { " (as it is)" };
    #[expect(clippy::cast_precision_loss, reason = "some hundred megabytes")]
    let megabytes = std::fs::metadata(&copy).ok()?.len() as f64 / 1e6;
    Some(Cell::words(format!("{}{note}", short(megabytes)), json!(megabytes)))
}
