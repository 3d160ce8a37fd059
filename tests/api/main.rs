//! Everything that the product promises, tried on the real server over HTTP.

mod access;
mod app;
mod bad_input;
mod catalogue;
mod command_line;
mod conditional;
mod document;
mod layers;
mod mildew;
mod pages;
mod paging;
mod predictions;
mod properties;
mod setup;
mod tutorial;
