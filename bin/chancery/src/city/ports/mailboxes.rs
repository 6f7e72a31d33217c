//! The audit of the mailboxes that goes on by itself: page by page at a bounded rate, from the beginning after a restart. What it finds, monitoring is told, which makes alerts of it
//! (`docs/specs/watch.md`).

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use chancery_messages::desk::{Desk, MailboxPass};
use chancery_reference_points::{alert::MailboxLook, v2m::V2mData};
use tokio::time::sleep;

/// Pause after a page: each of its messages costs a signature, a hash over the envelope and two proofs.
const PAGE_PAUSE: Duration = Duration::from_secs(1);
/// Pause after all mailboxes were looked at.
const PASS_PAUSE: Duration = Duration::from_secs(300);
/// First pause after something did not answer; it doubles.
const FIRST_TROUBLE_PAUSE: Duration = Duration::from_secs(1);
/// The longest.
const MAX_TROUBLE_PAUSE: Duration = Duration::from_secs(60);
/// How often in a row it has to fail before monitoring is told, which takes half a minute.
const TROUBLES_OF_AN_ALERT: u32 = 6;

/// Looks at all mailboxes again and again, as long as the desk is there.
pub(super) async fn audit_on(desk: Weak<Desk>, monitoring: Arc<dyn V2mData>) {
    let (mut pass, mut troubles, mut trouble_pause) = (MailboxPass::default(), 0_u32, FIRST_TROUBLE_PAUSE);
    loop {
        let looked = {
            let Some(desk) = desk.upgrade() else { return };
            pass.step(&desk).await
        };
        let (news, pause) = match looked {
            Ok(look) => {
                // What kept it from going on is over as soon as monitoring hears of anything else.
                let is_news = look.is_end || !look.differences.is_empty() || troubles >= TROUBLES_OF_AN_ALERT;
                (troubles, trouble_pause) = (0, FIRST_TROUBLE_PAUSE);
                let pause = if look.is_end { PASS_PAUSE } else { PAGE_PAUSE };
                (is_news.then_some(look), pause)
            }
            Err(error) => {
                troubles = troubles.saturating_add(1);
                tracing::info!(?error, troubles, "the audit of mailboxes does not go on yet");
                let trouble = Some(format!("{}: {}", error.code().name(), error.detail()));
                let look = MailboxLook { trouble, ..MailboxLook::default() };
                let pause = trouble_pause;
                trouble_pause = (trouble_pause * 2).min(MAX_TROUBLE_PAUSE);
                ((troubles == TROUBLES_OF_AN_ALERT).then_some(look), pause)
            }
        };
        if let Some(news) = news {
            tell(monitoring.as_ref(), &desk, news).await;
        }
        sleep(pause).await;
    }
}

/// Tells monitoring, also if it does not answer at once.
async fn tell(monitoring: &dyn V2mData, desk: &Weak<Desk>, news: MailboxLook) {
    let mut pause = FIRST_TROUBLE_PAUSE;
    while let Err(error) = monitoring.mailboxes_audited(news.clone()).await {
        if desk.strong_count() == 0 {
            return;
        }
        tracing::info!(?error, "monitoring does not hear yet what was found in the mailboxes");
        sleep(pause).await;
        pause = (pause * 2).min(MAX_TROUBLE_PAUSE);
    }
}
