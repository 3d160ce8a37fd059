//! The track of predictions: whether they are those of the model, or of a version on trial.

use poem_openapi::Enum;
use serde::Serialize;

use super::object::names;

names!(Track);

/// Track of predictions. A version on trial posts on the track `shadow`, which is returned only if it is asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Enum)]
#[serde(rename_all = "snake_case")]
#[oai(rename_all = "snake_case")]
pub enum Track {
    /// The predictions of the model, which every reader gets.
    #[default]
    Main,
    /// The predictions of a version on trial.
    Shadow,
}

impl Track {
    /// Returns the track's name in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Main => "main",
            Self::Shadow => "shadow",
        }
    }

    /// Returns the track with this name in the API, or `None` if the name is unknown.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Main, Self::Shadow]
            .into_iter()
            .find(|track| track.as_str() == name)
    }

    /// Returns the track as responses contain it: only `shadow` is named.
    pub fn named(self) -> Option<Self> {
        Some(self).filter(|track| *track == Self::Shadow)
    }
}

/// The tracks that a request reads or withdraws.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum Tracks {
    /// Only the predictions of the model.
    #[default]
    Main,
    /// Only the predictions of versions on trial.
    Shadow,
    /// Both.
    All,
}

impl Tracks {
    /// Returns the only track that is read, or `None` if all are.
    pub fn only(self) -> Option<Track> {
        match self {
            Self::Main => Some(Track::Main),
            Self::Shadow => Some(Track::Shadow),
            Self::All => None,
        }
    }

    /// Returns the name in the API, or `None` for the default.
    pub fn named(self) -> Option<&'static str> {
        match self {
            Self::Main => None,
            Self::Shadow => Some("shadow"),
            Self::All => Some("all"),
        }
    }
}
