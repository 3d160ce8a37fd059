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
mod field;
mod health;
mod inputs;
mod layers;
mod limits;
mod mildew;
mod pages;
mod paging;
mod parameters;
mod predictions;
mod properties;
mod readings;
mod retention;
mod retention_command;
mod setup;
mod tutorial;
mod upgrade;
