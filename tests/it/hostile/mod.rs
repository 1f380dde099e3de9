//! Hostile content: whatever comes from outside is neither obeyed by the terminal nor by us.
//!
//! Texts of every kind through the sanitiser, every screen and every command; objects too large;
//! pasted text and noise of the line; and no secret in anything the program writes.

mod bombs;
mod commands;
mod dice;
mod house;
mod keys;
mod lexer;
mod look;
mod poison;
mod rules;
mod sanitised;
mod screens;
mod secrets;
