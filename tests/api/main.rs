//! Tests of the product's promises on the real server over HTTP.

mod access;
mod accuracy;
mod accuracy_rules;
mod alerts;
mod app;
mod audit;
mod backup;
mod bad_input;
mod borders;
mod catalogue;
mod cli_health;
mod cli_manage;
mod cli_readings;
mod clocks;
mod cluster;
mod command_line;
mod compression;
mod conditional;
mod crash;
mod crowd;
mod csv_answers;
mod csv_bodies;
mod dashboard;
#[cfg(feature = "demo")]
mod demo;
#[cfg(feature = "demo")]
mod demo_folder;
mod diagnostics;
mod direct;
mod disk;
mod document;
mod environment;
mod examples;
mod expiry;
mod exporters;
mod feeds;
mod field;
mod files;
mod forms;
mod full_disk;
mod gaps;
mod greedy;
mod health;
mod hostile;
mod imports;
mod inputs;
mod job_history;
mod latest;
mod layers;
mod limited;
mod limits;
mod lineage;
mod metrics;
#[cfg(feature = "demo")]
mod mildew;
mod names;
mod oracle;
mod pages;
mod paging;
mod parameters;
mod predictions;
mod probes;
mod promotion;
mod properties;
mod proxy;
mod raw;
mod readings;
#[cfg_attr(
    not(feature = "webhooks"),
    allow(dead_code, reason = "only tests of webhooks use all of it")
)]
mod receiver;
mod remote;
mod retention;
mod retention_command;
mod sensor_readings;
mod setup;
mod shadow_posts;
mod shadow_runs;
mod shadows;
mod share;
mod sign_in;
mod slow;
mod space;
mod spread;
mod spread_scores;
mod sql;
mod storage;
mod survival;
mod thinning;
#[cfg(feature = "tls")]
mod tls;
mod tracks;
mod transfer;
mod tutorial;
mod units;
mod upgrade;
#[cfg(feature = "webhooks")]
mod webhooks;
mod whole_window;
mod withdrawal;
mod withdrawal_of_readings;
#[cfg(not(feature = "demo"))]
mod without_demo;
#[cfg(not(feature = "mqtt"))]
mod without_mqtt;
#[cfg(not(feature = "tls"))]
mod without_tls;
#[cfg(not(feature = "webhooks"))]
mod without_webhooks;
mod words;
