//! Texts of messages for people: a short title, a few lines, and a link to the chart. Each is made from the body of the
//! message, so that a waiting message can still be sent in another format.

mod alert;
mod health;
mod value;

use serde_json::Value;

use super::delivery::TEST;
pub use value::Tone;
use value::member;

/// Maximum length of a line, in characters. A worker's message may be longer and is cut.
const MAX_LINE: usize = 500;

/// Text of the link to the chart.
pub const LINK: &str = "Open the chart";

/// A message for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// Kind of news.
    pub tone: Tone,
    /// One line without control characters.
    pub title: String,
    /// Further lines, each without control characters.
    pub lines: Vec<String>,
    /// Address of the job's chart in the dashboard. `None` if the server does not know its public address, or if the
    /// message is not about a job.
    pub link: Option<String>,
}

impl Text {
    /// Returns the text of a message with this body. `public_url` is the address at which people reach the server, or
    /// empty if it is not known; then there is no link.
    pub fn of(body: &str, public_url: &str) -> Self {
        let body: Value = serde_json::from_str(body).unwrap_or_default();
        let (event, data) = (member(&body, "type"), &body["data"]);
        let (tone, title, lines) = match event.split_once('.') {
            Some(("alert", change)) => alert::text_of(change, data),
            Some(("job", change)) => health::text_of(change, member(&body, "timestamp"), data),
            _ if event == TEST => (
                Tone::Neutral,
                "Test message".to_owned(),
                vec![format!("The webhook \"{}\" works.", member(data, "name"))],
            ),
            _ => (Tone::Neutral, format!("Event {event}"), Vec::new()),
        };
        let link = data["job_id"].as_str().filter(|_| !public_url.is_empty());
        Self {
            tone,
            title: one_line(&title),
            lines: lines.iter().map(|line| one_line(line)).collect(),
            link: link.map(|job| format!("{public_url}/#/jobs/{job}")),
        }
    }

    /// Returns the title and the lines, and the link as the last line. Each character is replaced by what `escape`
    /// returns for it. If the text would be longer than `most` as measured by `size`, the lines are cut, and the link
    /// stays.
    pub fn plain(&self, escape: impl Fn(char) -> String, size: impl Fn(&str) -> usize, most: usize) -> String {
        let escaped = |text: &str| text.chars().map(&escape).collect::<String>();
        let end = self
            .link
            .as_ref()
            .map_or_else(String::new, |link| format!("\n{}", escaped(link)));
        let all = std::iter::once(&self.title).chain(&self.lines);
        let all = all.map(String::as_str).collect::<Vec<_>>().join("\n");
        let mut cut = escaped(&all);
        if size(&cut) + size(&end) > most {
            let room = most.saturating_sub(size(&end) + size(MORE));
            let mut used = 0;
            cut.clear();
            for part in all.chars().map(&escape) {
                used += size(&part);
                if used > room {
                    break;
                }
                cut.push_str(&part);
            }
            cut.push_str(MORE);
        }
        cut + &end
    }
}

/// Mark of a text that was cut.
const MORE: &str = "…";

/// Returns the text on one line of at most [`MAX_LINE`] characters, without control characters.
fn one_line(text: &str) -> String {
    let plain = text.replace(|c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'), " ");
    let words: Vec<_> = plain.split_whitespace().collect();
    let line = words.join(" ");
    match line.char_indices().nth(MAX_LINE) {
        None => line,
        Some((at, _)) => format!("{}{MORE}", &line[..at]),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const JOB: &str = "cccccccc-cccc-cccc-cccc-cccccccccccc";

    fn of(event: &str, data: Value) -> Text {
        let body = json!({ "type": event, "timestamp": "2023-10-27T02:00:00Z", "data": data });
        Text::of(&body.to_string(), "https://farm.example/predictions")
    }

    #[test]
    fn a_link_needs_a_job_and_a_public_address() {
        let data = json!({ "job_id": JOB, "job_name": "Frost" });
        let link = format!("https://farm.example/predictions/#/jobs/{JOB}");
        assert_eq!(of("job.late", data.clone()).link, Some(link));
        let body = json!({ "type": "job.late", "data": data }).to_string();
        assert_eq!(Text::of(&body, "").link, None);
        let test = of(TEST, json!({ "webhook_id": JOB, "name": "on call" }));
        assert_eq!((test.title.as_str(), test.link), ("Test message", None));
        assert_eq!(test.lines, ["The webhook \"on call\" works."]);
    }

    #[test]
    fn no_line_has_a_break_or_is_long() {
        let message = format!("first\r\nBcc: a@b.example\u{2028}{}", "x".repeat(2000));
        let text = of(
            "job.failed",
            json!({ "job_id": JOB, "job_name": "A\nB", "message": message }),
        );
        assert_eq!(text.title, "A B: a run failed");
        let lines = text.lines.join("|");
        assert!(lines.contains("first Bcc: a@b.example xxx"), "{lines}");
        assert!(text.lines.iter().all(|line| line.chars().count() <= MAX_LINE + 1));
        assert!(!lines.contains(char::is_control), "{lines}");
    }

    #[test]
    fn a_body_that_is_not_known_has_a_text_too() {
        for body in ["", "[]", "{}", r#"{"type":7,"data":[1]}"#] {
            assert_eq!(Text::of(body, "").title, "Event", "{body}");
        }
        assert_eq!(of("sensor.lost", json!({})).title, "Event sensor.lost");
        assert_eq!(of("alert.snoozed", json!({})).title, "Alert: alert");
    }

    #[test]
    fn a_long_text_is_cut_before_its_link() {
        let text = Text {
            tone: Tone::Neutral,
            title: "Title".to_owned(),
            lines: vec!["&".repeat(10), "last".to_owned()],
            link: Some("https://a.example/#/jobs/1".to_owned()),
        };
        let whole = text.plain(String::from, str::len, 100);
        assert_eq!(whole, "Title\n&&&&&&&&&&\nlast\nhttps://a.example/#/jobs/1");
        let escape = |c: char| if c == '&' { "&amp;".to_owned() } else { c.to_string() };
        let cut = text.plain(escape, str::len, 50);
        assert_eq!(cut, "Title\n&amp;&amp;…\nhttps://a.example/#/jobs/1");
        assert!(cut.len() <= 50);
    }
}
