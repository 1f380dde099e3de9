//! The rules of the house, executed: who may import whom, who has a clock, how large things may be.
//!
//! Every rule is a function from sources to complaints; each is shown a bad sample, since a check
//! that cannot fail proves nothing. Reads the sources as text, needs nothing else.

mod documents;
mod habits;
mod mutations;
mod reach;
mod rooms;
mod source;

use source::Tree;

/// Fails with every complaint, a line each.
fn no_complaint(complaints: &[String]) {
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

#[test]
fn rooms_import_only_what_they_may() {
    no_complaint(&rooms::forbidden_imports(&Tree::of_crate()));
}

#[test]
fn rooms_name_only_the_crates_they_may() {
    no_complaint(&rooms::forbidden_crates(&Tree::of_crate()));
}

#[test]
fn rooms_do_not_go_in_circles() {
    no_complaint(&rooms::circles(&Tree::of_crate()));
}

#[test]
fn pure_rooms_do_no_input_or_output() {
    no_complaint(&rooms::smells(&Tree::of_crate()));
}

#[test]
fn only_runtime_has_a_clock_and_tasks() {
    no_complaint(&rooms::clocks_and_tasks(&Tree::of_crate()));
}

#[test]
fn files_functions_folders_and_lines_have_a_size() {
    let tree = Tree::whole();
    no_complaint(&habits::long_files(&tree));
    no_complaint(&habits::long_functions(&tree));
    no_complaint(&habits::long_lines(&tree));
    no_complaint(&habits::full_folders(&tree));
}

#[test]
fn files_say_what_they_are_under_names_that_say_it_too() {
    let tree = Tree::whole();
    no_complaint(&habits::headers(&tree));
    no_complaint(&habits::names(&tree));
    no_complaint(&habits::leftovers(&tree));
    no_complaint(&habits::silenced_lints(&tree));
}

#[test]
fn no_file_is_dead() {
    no_complaint(&reach::dead_files(&Tree::whole()));
}

#[test]
fn every_exception_is_still_needed() {
    no_complaint(&habits::idle_waivers(&Tree::whole()));
}
