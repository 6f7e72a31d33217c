//! Alerts whose receivers stand in a file that whoever runs the program writes, and not in what operators of a city have set: those of a department.

use std::{path::Path, sync::Arc};

use alloy_primitives::Address;
use chancery_reference_points::{
    Code, DoorError, DoorResult,
    alert::{AlertRule, MAX_RECEIVERS, NewReceiver, ReceiverSecret},
    journal::Clock,
};

use super::{
    Alerts, AlertsError, Raised,
    book::{Book, Receiver},
    signature, target,
};
use crate::store::Store;

/// Who is told, as it is declared.
#[derive(Clone, Debug)]
pub struct DeclaredReceiver {
    /// Where.
    pub receiver: NewReceiver,
    /// What signs: `whsec_` and base64.
    pub secret: ReceiverSecret,
}

impl Alerts {
    /// Reads what is kept in a folder, and tells those that are declared and nobody else. Needs a tokio runtime. `of`: how messages name whose they are.
    ///
    /// # Errors
    /// [`AlertsError`].
    pub fn declared(
        folder: &Path,
        of: String,
        clock: Clock,
        receivers: Vec<DeclaredReceiver>,
    ) -> Result<Arc<Self>, AlertsError> {
        let store = Store::open(folder)?;
        Self::open_with(store, of, clock, |book, of, now_ms| declare(book, receivers, of, now_ms))
    }

    /// Opens an alert, unless it is open.
    pub async fn tell(self: &Arc<Self>, rule: AlertRule, subject: String, summary: String) {
        self.raise(Raised { rule, subject, summary, difference: None }).await;
    }
}

/// Makes the receivers of a book those that are declared. One that was there before keeps what waits for it.
pub(super) fn declare(book: &mut Book, declared: Vec<DeclaredReceiver>, of: &str, now_ms: u64) -> DoorResult<()> {
    if declared.len() > MAX_RECEIVERS {
        return Err(DoorError::new(Code::ConfigurationInvalid, format!("at most {MAX_RECEIVERS} receivers")));
    }
    let mut urls = Vec::with_capacity(declared.len());
    for DeclaredReceiver { receiver, secret } in declared {
        let url = target::check(&receiver)?.to_string();
        if signature::sign(&secret, "", 0, "").is_none() {
            let detail = "the secret of a receiver is to be whsec_ and base64, as `openssl rand -base64 32` writes it";
            return Err(DoorError::new(Code::ConfigurationInvalid, detail));
        }
        if urls.contains(&url) {
            return Err(DoorError::new(Code::ConfigurationInvalid, "url: it is declared twice").with("member", "url"));
        }
        let allow_private = receiver.allow_private;
        if let Some(known) = book.receivers.iter_mut().find(|known| known.url == url) {
            (known.secret, known.allow_private) = (secret, allow_private);
        } else {
            let id = book.name("receiver", now_ms);
            let (added_by, added_at_ms, delivered_at_ms, trouble) = (Address::ZERO, now_ms, None, None);
            let added = Receiver {
                id,
                url: url.clone(),
                allow_private,
                added_by,
                added_at_ms,
                secret,
                delivered_at_ms,
                trouble,
            };
            book.add(added, of, now_ms);
        }
        urls.push(url);
    }
    let gone: Vec<String> =
        book.receivers.iter().filter(|known| !urls.contains(&known.url)).map(|known| known.id.clone()).collect();
    for id in gone {
        book.remove(&id);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn declared(url: &str, allow_private: bool) -> DeclaredReceiver {
        let receiver = NewReceiver { url: url.into(), allow_private };
        DeclaredReceiver { receiver, secret: signature::fresh_secret().unwrap() }
    }

    // WATCH-6, WATCH-9
    #[test]
    fn receivers_are_those_that_are_declared_and_what_waits_for_one_that_stays_is_kept() {
        let mut book = Book::default();
        let (one, other) = (declared("https://a.example/", false), declared("http://127.0.0.1:9/", true));
        declare(&mut book, vec![one.clone()], "weather", 1).unwrap();
        let rule = AlertRule::StoredFile;
        let raised = Raised { rule, subject: "part 1".into(), summary: "gone".into(), difference: None };
        book.raise(raised, "weather", 2);
        declare(&mut book, vec![one, other], "weather", 3).unwrap();
        assert_eq!(book.deliveries().waiting, 2, "who is new is told what is open");
        declare(&mut book, vec![declared("http://127.0.0.1:9/", true)], "weather", 4).unwrap();
        assert_eq!((book.receivers.len(), book.deliveries().waiting), (1, 1));
        for wrong in [declared("http://127.0.0.1:9/", false), declared("http://a.example/", true)] {
            assert!(declare(&mut book, vec![wrong], "weather", 5).is_err());
        }
        let unsigned =
            DeclaredReceiver { secret: ReceiverSecret("hidden".into()), ..declared("https://a.example/", false) };
        let error = declare(&mut book, vec![unsigned], "weather", 6).unwrap_err();
        assert!(!error.detail().contains("hidden"), "{}", error.detail());
    }
}
