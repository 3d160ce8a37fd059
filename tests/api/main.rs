//! Everything that the product promises, tried on the real server over HTTP.

mod access;
mod app;
mod bad_input;
mod borders;
mod catalogue;
mod command_line;
mod conditional;
mod document;
mod expiry;
mod layers;
mod limits;
mod mildew;
mod pages;
mod paging;
mod predictions;
mod properties;
mod setup;
mod tutorial;
