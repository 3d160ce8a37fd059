//! Sends messages as e-mail, through the SMTP server that the operator has configured.
//!
//! Each message has one transaction with all recipients: either all of them get it or none. Its `Message-ID` is made
//! from the id of the message, so that mail programs can recognise a message that was sent twice.

use std::{
    fs,
    path::Path,
    time::{Duration, SystemTime},
};

use lettre::{
    Address, AsyncSmtpTransport, AsyncTransport, Message as Mail, Tokio1Executor,
    message::{
        Mailbox,
        header::{ContentType, HeaderName, HeaderValue},
    },
    transport::smtp::{
        Error,
        authentication::Credentials,
        client::{Certificate, Tls, TlsParameters},
    },
};
use tokio::time::timeout;

use crate::domain::{
    Timestamp,
    webhook::{Rules, Smtp, SmtpTls, delivery::Message, text::Text},
};

/// Timeout of sending a message, as a multiple of that of an HTTP request. Mail servers check a message before they
/// accept it, and a message whose acceptance is not waited for arrives twice.
const PATIENCE: u32 = 3;

/// Maximum length of the text, in characters. Far longer ones are possible, but nobody reads them.
const MOST: usize = 10_000;

/// Result of sending a message: the server's reply code, the error if the message was not accepted, and whether another
/// attempt would be refused too.
pub type Sent = (Option<u16>, Option<String>, bool);

/// Sends a message once.
pub async fn send(message: &Message, rules: &Rules) -> Sent {
    let Some(smtp) = &rules.smtp else {
        let fault = "this server does not send e-mail: the operator must configure smtp.host";
        return (None, Some(fault.to_owned()), false);
    };
    let patience = rules.time_out * PATIENCE;
    let mail = match mail(message, smtp, &rules.public_url) {
        Ok(mail) => mail,
        Err(fault) => return (None, Some(fault), false),
    };
    let sending = async {
        let transport = transport(smtp.clone(), patience).await?;
        transport.send(mail).await.map_err(Fault::Smtp)
    };
    match timeout(patience, sending).await {
        Err(_) => (None, Some(format!("no response within {patience:?}")), false),
        Ok(Ok(response)) => (Some(response.code().into()), None, false),
        Ok(Err(Fault::Own(fault))) => (None, Some(fault), false),
        Ok(Err(Fault::Smtp(error))) => {
            let code = error.status().map(u16::from);
            (code, Some(explain(&error)), code.is_some_and(is_final))
        }
    }
}

/// Reason why a message was not sent.
enum Fault {
    /// A file cannot be read.
    Own(String),
    /// The server cannot be reached, or refuses the message.
    Smtp(Error),
}

/// Returns whether a reply code refuses this message for ever. Other codes from 500 on mean that the operator must change
/// the settings, for example the password (535). Then the message is sent later.
fn is_final(code: u16) -> bool {
    (550..560).contains(&code)
}

/// Describes an error. The server's text comes last.
fn explain(error: &Error) -> String {
    let mut causes = vec![error.to_string()];
    let mut next = std::error::Error::source(error);
    while let Some(inner) = next {
        let text = inner.to_string();
        if !causes.iter().any(|known| known.contains(&text)) {
            causes.push(text);
        }
        next = inner.source();
    }
    causes.join(": ").replace(char::is_control, " ")
}

/// Returns the message with its headers.
fn mail(message: &Message, smtp: &Smtp, public_url: &str) -> Result<Mail, String> {
    let address = |text: &str| {
        text.parse::<Address>()
            .map_err(|_| "an e-mail address is not valid".to_owned())
    };
    let text = Text::of(&message.body, public_url);
    let from = Mailbox::new(smtp.from.name.clone(), address(&smtp.from.address)?);
    let id = format!("<{}@{}>", message.id, smtp.from.domain());
    let mut mail = Mail::builder()
        .from(from)
        .subject(&text.title)
        .date(date(message.created_at))
        .message_id(Some(id))
        .header(ContentType::TEXT_PLAIN);
    for to in &message.target.to {
        mail = mail.to(Mailbox::new(None, address(to)?));
    }
    let body = text.plain(String::from, |text| text.chars().count(), MOST);
    // Programs that reply on their own must not reply to this (RFC 3834).
    let name = HeaderName::new_from_ascii_str("Auto-Submitted");
    mail.raw_header(HeaderValue::new(name, "auto-generated".to_owned()))
        .body(body.replace('\n', "\r\n"))
        .map_err(|error| format!("the e-mail cannot be made: {error}"))
}

/// The time of the message, which is the same in every attempt.
fn date(at: Timestamp) -> SystemTime {
    let seconds = at.micros().max(0) / 1_000_000;
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds.unsigned_abs())
}

/// Returns the connection's settings. The files are read for each message, so that a changed password needs no restart.
async fn transport(smtp: Smtp, patience: Duration) -> Result<AsyncSmtpTransport<Tokio1Executor>, Fault> {
    let made = tokio::task::spawn_blocking(move || {
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&smtp.host)
            .port(smtp.port)
            .timeout(Some(patience))
            .tls(tls(&smtp)?);
        if !smtp.username.is_empty() {
            builder = builder.credentials(Credentials::new(smtp.username.clone(), password(&smtp)?));
        }
        Ok(builder.build())
    });
    made.await
        .map_err(|error| Fault::Own(format!("the settings of SMTP cannot be read: {error}")))?
}

fn tls(smtp: &Smtp) -> Result<Tls, Fault> {
    if smtp.tls == SmtpTls::None {
        return Ok(Tls::None);
    }
    let mut parameters = TlsParameters::builder(smtp.host.clone());
    if !smtp.ca_file.as_os_str().is_empty() {
        let pem = read("smtp.ca_file", &smtp.ca_file)?;
        parameters = parameters.add_root_certificate(Certificate::from_pem(pem.as_bytes()).map_err(Fault::Smtp)?);
    }
    let parameters = parameters.build_rustls().map_err(Fault::Smtp)?;
    Ok(match smtp.tls {
        SmtpTls::Tls => Tls::Wrapper(parameters),
        _ => Tls::Required(parameters),
    })
}

fn password(smtp: &Smtp) -> Result<String, Fault> {
    if smtp.password_file.as_os_str().is_empty() {
        return Ok(smtp.password.clone());
    }
    let text = read("smtp.password_file", &smtp.password_file)?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

/// Reads a file. The error names the setting and not the path, because managers see it.
fn read(setting: &str, path: &Path) -> Result<String, Fault> {
    fs::read_to_string(path).map_err(|error| Fault::Own(format!("cannot read the file of {setting}: {error}")))
}
