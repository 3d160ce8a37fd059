//! Posts of predictions in their usual form: the points of a job have a role, a time and a value, and the values of a
//! series are numbers. The general parser takes several times as long for these (see `BENCHMARKS.md`).
//!
//! Only the points and the values are read here. The general parser reads the rest of the body. It also reads the whole
//! body if any part has another form, so that it alone finds faults.

use crate::{
    domain::{
        prediction::{Point, PostedPredictions, RolePoints},
        rfc3339::Times,
        text::Name,
        time::Timestamp,
        value::PostedValue,
    },
    http::form::usual_text::Text,
};

/// Maximum number of different roles. A point is compared with all of them.
const MAX_ROLES: usize = 32;

/// Number of bytes of a time such as `2023-10-27T00:00:00Z`.
const TIME: usize = 20;

/// Parses a post for a job in its usual form. `None` if any part of it has another form.
pub fn parse(body: &str) -> Option<PostedPredictions> {
    let mut parts = Parts {
        text: Text::new(body),
        rest: String::new(),
        copied: 0,
        roles: Vec::new(),
        columns: Vec::new(),
    };
    parts.read()?;
    let Ok(PostedPredictions::ForJob(mut post)) = serde_json::from_str(&parts.rest) else {
        return None;
    };
    for (series, values) in post.series.iter_mut().zip(parts.columns) {
        series.values = values.or(series.values.take());
    }
    let points = parts.roles.into_iter().map(|role| role.points).collect();
    Some(PostedPredictions::PointsOfJob { post, points })
}

/// The parts of a body, while it is being read.
struct Parts<'a> {
    text: Text<'a>,
    /// The body for the general parser, with an empty array in place of each array that is read here.
    rest: String,
    /// Place in the text up to which it is in `rest`, or left out.
    copied: usize,
    /// Points by their roles.
    roles: Vec<Role<'a>>,
    /// Values of each series. `None` for those that the general parser reads.
    columns: Vec<Option<Vec<PostedValue>>>,
}

/// A role, and the points that have it.
struct Role<'a> {
    /// The role as the first of the points spells it.
    spelled: &'a str,
    points: RolePoints,
}

impl<'a> Parts<'a> {
    fn read(&mut self) -> Option<()> {
        let (mut has_points, mut has_series) = (false, false);
        self.text.byte(b'{')?;
        loop {
            let is_repeated = match self.text.name()? {
                "predictions" => {
                    self.leave_out(Self::points)?;
                    std::mem::replace(&mut has_points, true)
                }
                "series" => {
                    self.series()?;
                    std::mem::replace(&mut has_series, true)
                }
                _ => self.text.skip().map(|()| false)?,
            };
            if is_repeated {
                return None;
            }
            if !self.text.goes_on(b'}')? {
                break;
            }
        }
        self.text.end()?;
        self.rest.push_str(self.text.since(self.copied));
        Some(())
    }

    /// Reads an array by `read`, and leaves an empty one in its place for the general parser.
    fn leave_out<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        self.text.peek()?;
        self.rest.push_str(self.text.since(self.copied));
        self.rest.push_str("[]");
        let found = read(self)?;
        self.copied = self.text.place();
        Some(found)
    }

    fn points(&mut self) -> Option<()> {
        let (mut times, mut last) = (Times::default(), 0);
        let mut indexes = 0..;
        self.text.items(b'[', b']', |text| {
            let (mut role, mut time, mut value) = (None, None, None);
            text.items(b'{', b'}', |text| {
                let is_repeated = if text.word(b"\"role\"") {
                    text.byte(b':')?;
                    let found = Self::role(&mut self.roles, last, text)?;
                    role.replace(found).is_some()
                } else if text.word(b"\"valid_time\"") {
                    text.byte(b':')?;
                    time.replace(valid_time(&mut times, text)?).is_some()
                } else if text.word(b"\"value\"") {
                    text.byte(b':')?;
                    value.replace(number_or_null(text)?).is_some()
                } else {
                    return None;
                };
                (!is_repeated).then_some(())
            })?;
            last = role?;
            let of_role = &mut self.roles.get_mut(last)?.points;
            of_role.points.push(Point {
                valid_time: time?,
                value: value?,
            });
            of_role.indexes.push(indexes.next()?);
            Some(())
        })
    }

    /// Reads a role, and returns its index in `roles`, where it is added if it is new. Usually it is the last one.
    fn role(roles: &mut Vec<Role<'a>>, last: usize, text: &mut Text<'a>) -> Option<usize> {
        if let Some(role) = roles.get(last)
            && let Some(()) = text.parsed(role.spelled.len(), |name| {
                (name == role.spelled.as_bytes()).then_some(())
            })
        {
            return Some(last);
        }
        let spelled = text.string()?;
        if let Some(known) = roles.iter().position(|role| role.spelled == spelled) {
            return Some(known);
        }
        // One role may be spelled in several Unicode normal forms.
        let name = Name::new(spelled);
        if let Some(known) = roles.iter().position(|role| role.points.role == name) {
            return Some(known);
        }
        roles.push(Role {
            spelled,
            points: RolePoints {
                role: name,
                points: Vec::new(),
                indexes: Vec::new(),
            },
        });
        (roles.len() <= MAX_ROLES).then_some(roles.len() - 1)
    }

    fn series(&mut self) -> Option<()> {
        self.text.byte(b'[')?;
        if self.text.peek()? == b']' {
            return self.text.byte(b']');
        }
        loop {
            self.text.byte(b'{')?;
            let mut column = None;
            loop {
                if self.text.name()? != "values" || self.text.peek()? != b'[' {
                    self.text.skip()?;
                } else if column.replace(self.leave_out(Self::values)?).is_some() {
                    return None;
                }
                if !self.text.goes_on(b'}')? {
                    break;
                }
            }
            self.columns.push(column);
            if !self.text.goes_on(b']')? {
                return Some(());
            }
        }
    }

    fn values(&mut self) -> Option<Vec<PostedValue>> {
        let mut values = Vec::new();
        self.text.items(b'[', b']', |text| {
            values.push(PostedValue(number_or_null(text)?));
            Some(())
        })?;
        Some(values)
    }
}

fn valid_time(times: &mut Times, text: &mut Text<'_>) -> Option<Timestamp> {
    match text.parsed(TIME, |time| times.parse(time)) {
        Some(seconds) => Some(Timestamp::from_micros(seconds * 1_000_000)),
        None => Timestamp::parse(text.string()?).ok(),
    }
}

fn number_or_null(text: &mut Text<'_>) -> Option<Option<f64>> {
    match text.word(b"null") {
        true => Some(None),
        false => text.number().map(Some),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the runs that a parsed post has, or the error of a post without any.
    fn runs(posted: PostedPredictions) -> String {
        let (mut post, points) = match posted {
            PostedPredictions::ForJob(post) => (post, Vec::new()),
            PostedPredictions::PointsOfJob { post, points } => (post, points),
            other => panic!("{other:?}"),
        };
        let runs = post.runs(points);
        format!("{post:?} {runs:?}")
    }

    fn general(body: &str) -> Option<PostedPredictions> {
        serde_json::from_str(body).ok()
    }

    const JOB: &str = "\"job_id\": \"11111111-1111-4111-8111-111111111111\"";

    #[test]
    fn usual_posts_are_those_of_the_general_parser() {
        let many = format!(
            "{{\"role\":\"a\",\"valid_time\":\"2024-02-29T23:59:59Z\",\"value\":{}}}",
            "9".repeat(40)
        );
        for rest in [
            r#""predictions":[]"#,
            r#""predictions":[{"role":"a","valid_time":"2024-02-29T00:00:00Z","value":1.5}]"#,
            r#" "issue_time" : "2024-01-01T00:00:00Z" , "predictions" : [ { "value" : -0.0 , "role" : "é" ,
                "valid_time" : "2024-01-01T01:00:00+01:00" } , {"role":"b","valid_time":"2024-01-02T01:00:00.5Z","value":null},
                {"role":"é","valid_time":"2024-01-01T02:00:00Z","value":-0} ] "#,
            r#""predictions":[{"role":"a","valid_time":"2024-02-29T00:00:00Z","value":0.1234567890123456789}]"#,
            r#""series":[{"role":"a","start":"2024-01-01T00:00:00Z","step":"PT1H","values":[1,2.25,null,-3e0]}]"#,
            r#""series":[{"role":"a","start":"2024-01-01T00:00:00Z","step":3600,"values":[1,2.25,null,-3]},
                {"role":"a","valid_times":["2024-02-01T00:00:00Z"],"values":[0.001],"quantiles":{"0.5":[1]}},
                {"role":"a","valid_times":["2024-03-01T00:00:00Z"],"quantiles":{"0.5":[1]}}]"#,
            r#""series":[{"role":"a","valid_times":["2024-02-01T00:00:00Z"],"values":[1,2]}, {"role":"b","values":[]}]"#,
            r#""run":{"id":"a","parameters":{"values":1}},"stage":"raw","predictions":[
                {"role":"a","valid_time":"2024-01-01T02:00:00Z","value":123456789012345.678901}],
                "series":[{"role":"a","start":"2024-01-01T00:00:00Z","step":"PT1H","values":[1,2]}]"#,
            &format!("\"predictions\":[{many}]"),
            "\"predictions\":[{\"role\":\"é\",\"valid_time\":\"2024-01-01T00:00:00Z\",\"value\":1},\
                {\"role\":\"e\u{301}\",\"valid_time\":\"2024-01-01T02:00:00Z\",\"value\":2},\
                {\"role\":\"é\",\"valid_time\":\"2024-01-01T01:00:00Z\",\"value\":3}]",
        ] {
            let body = format!("{{{JOB},{rest}}}");
            let expected = runs(general(&body).unwrap());
            match parse(&body) {
                Some(found) => assert_eq!(runs(found), expected, "{body}"),
                // The number with an exponent is not of the usual form.
                None => assert!(body.contains("e0"), "{body}"),
            }
        }
    }

    #[test]
    fn unusual_posts_are_left_to_the_general_parser() {
        let point = r#"{"role":"a","valid_time":"2024-01-01T00:00:00Z","value":1}"#;
        for rest in [
            r#""predictions":[{"role":"a","valid_time":"2024-02-30T00:00:00Z","value":1}]"#,
            r#""predictions":[{"role":"\u0061","valid_time":"2024-02-01T00:00:00Z","value":1}]"#,
            r#""predictions":[{"role":"a","valid_time":"2024-02-01T00:00:00Z","value":01}]"#,
            r#""predictions":[{"role":"a","valid_time":"2024-02-01T00:00:00Z","value":1.}]"#,
            r#""predictions":[{"role":"a","valid_time":"2024-02-01T00:00:00Z","value":.5}]"#,
            r#""predictions":[{"role":"a","valid_time":"2024-02-01T00:00:00Z","value":-}]"#,
            r#""predictions":[{"role":"a","valid_time":"2024-02-01T00:00:00Z","value":+1}]"#,
            r#""predictions":[{"role":"a","valid_time":"2024-02-01T00:00:00Z","value":1e400}]"#,
            r#""predictions":[{"role":"a","valid_time":"2024-02-01T00:00:00Z","value":NaN}]"#,
            r#""predictions":[{"role":"a","valid_time":"2024-02-01T00:00:00Z","value":nullx}]"#,
            r#""predictions":[{"role":"a","valid_time":"2024-02-01T00:00:00Z","value":"1"}]"#,
            r#""predictions":[{"role":"a","valid_time":"2024-02-01T00:00:00Z","value":1,"value":2}]"#,
            r#""predictions":[{"role":"a","valid_time":"2024-02-01T00:00:00Z"}]"#,
            r#""predictions":[{"role":"a","valid_time":"2024-02-01T00:00:00Z","value":1,"members":[1]}]"#,
            "\"predictions\":[{\"role\":\"a\",\"valid_time\":\"\0\0\0\0\0\0\0\0\0\0T12:34:56Z\",\"value\":1}]",
            r#""predictions":null"#,
            r#""predictions":{}"#,
            r#""predictions":[1]"#,
            &format!("\"predictions\":[{point},]"),
            &format!("\"predictions\":[{point}],"),
            &format!("\"predictions\":[{point}],\"predictions\":[{point}]"),
            &format!("\"predictions\":[{point}],\"other\":1"),
            &format!("\"predictions\":[{point}"),
            &format!("\"predictions\":[{point}]}}x"),
            r#""series":[{"role":"a","values":[1],"values":[2]}]"#,
            r#""series":[{"role":"a","values":[1]]"#,
            r#""series":[[1]]"#,
            r#""series":[{"role":"a\"","values":[1]}]"#,
            r#""stage":tru e,"predictions":[]"#,
        ] {
            let body = format!("{{{JOB},{rest}}}");
            assert!(parse(&body).is_none(), "{body}");
        }
        let roles: Vec<_> = (0..=MAX_ROLES)
            .map(|role| point.replace("\"a\"", &format!("\"{role}\"")))
            .collect();
        assert!(parse(&format!("{{{JOB},\"predictions\":[{}]}}", roles.join(","))).is_none());
        for body in ["", "[]", "{}", "{\"predictions\":[", "\u{feff}{}", "null"] {
            assert!(parse(body).is_none(), "{body}");
        }
    }

    #[test]
    fn any_cut_or_changed_post_is_left_to_the_general_parser_or_the_same() {
        let body = format!(
            "{{{JOB}, \"predictions\": [{{\"role\":\"a\",\"valid_time\":\"2024-01-01T00:00:00Z\",\"value\":1.25}},\
             {{\"role\":\"b\",\"valid_time\":\"2024-01-01T01:00:00Z\",\"value\":-10}}], \"series\":\
             [{{\"metric\":\"m\",\"start\":\"2024-01-01T00:00:00Z\",\"step\":60,\"values\":[0.5,null,12]}}]}}"
        );
        let agrees = |body: &str| {
            if let Some(found) = parse(body) {
                let expected = general(body).unwrap_or_else(|| panic!("{body}"));
                assert_eq!(runs(found), runs(expected), "{body}");
            }
        };
        for at in 0..body.len() {
            agrees(&body[..at]);
            agrees(&format!("{}{}", &body[..at], &body[at + 1..]));
            for byte in "\"{}[],:\\-+.0159eEnNaZT \n\t\u{1}é".chars() {
                agrees(&format!("{}{byte}{}", &body[..at], &body[at..]));
                agrees(&format!("{}{byte}{}", &body[..at], &body[at + 1..]));
            }
        }
    }
}
