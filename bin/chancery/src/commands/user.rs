//! `chancery user` (C-ID, C-API-1).

use std::process::ExitCode;

use anyhow::Result;
use chancery_client::{
    PageQuery,
    rest::types::{
        Page,
        users::{Confirmation, ConfirmationDecision, Person, User, UserStatus},
    },
};

use super::organization::effects;
use crate::{
    arguments::{Connection, UserCommand},
    keys,
    output::Output,
    party::{Party, RealName},
};

/// Rows that are asked for at once.
const PAGE_ROWS: usize = 100;
/// Most pages of registrations that are shown.
const MAX_PAGES: usize = 20;

pub(super) async fn run(command: UserCommand, connection: &Connection, output: &Output) -> Result<ExitCode> {
    let party = Party::connect(connection.client()?, keys::of(connection)?).await?;
    match command {
        UserCommand::Register { account, name, unit, city, country, document_number, birth_date, recovery } => {
            let person = Person { name, unit, city, country, document_number, birth_date };
            let real_name = RealName { account, person };
            let registered = if recovery { party.recover(real_name).await? } else { party.register(real_name).await? };
            let then =
                if recovery { "this key takes the place of the lost one" } else { "your keys stand on the main chain" };
            let text = format!(
                "{} is registered as {} ({}).\nNext: show your papers at an office, which confirms your name; then {then}.",
                registered.address, registered.account, registered.did
            );
            output.answer(&registered, text);
        }
        UserCommand::Show => {
            let user = party.client.user(party.address()).await?;
            output.answer(&user, describe(&user));
        }
        UserCommand::Pending => {
            let mut items = waiting(&party, UserStatus::Pending).await?;
            items.extend(waiting(&party, UserStatus::Recovering).await?);
            let text = if items.is_empty() {
                "Nobody waits.".to_owned()
            } else {
                items.iter().map(describe).collect::<Vec<_>>().join("\n")
            };
            output.answer(&Page { items, next_cursor: None }, text);
        }
        UserCommand::Suspend { address, check } => {
            let changed = party.client.suspend_user(address, true, check).await?;
            output.answer(&changed, effects(&changed));
        }
        UserCommand::Restore { address, check } => {
            let changed = party.client.suspend_user(address, false, check).await?;
            output.answer(&changed, effects(&changed));
        }
        UserCommand::Confirm { address, reject } => {
            let progress = output.progress("putting the digital identity on the main chain");
            let decision = if reject.is_some() { ConfirmationDecision::Reject } else { ConfirmationDecision::Confirm };
            let confirmed = party.client.confirm_user(address, &Confirmation { decision, reason: reject }).await?;
            progress.finish_and_clear();
            let status = serde_json::to_value(confirmed.status)?;
            output.answer(
                &confirmed,
                format!("{} ({}) is {}.", confirmed.address, confirmed.did, status.as_str().unwrap_or_default()),
            );
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Registrations of one status, over all pages up to a bound.
async fn waiting(party: &Party, status: UserStatus) -> Result<Vec<User>> {
    let mut items = Vec::new();
    let mut page = PageQuery { limit: Some(PAGE_ROWS), ..PageQuery::default() };
    for _ in 0..MAX_PAGES {
        let found = party.client.users(Some(status), &page).await?;
        items.extend(found.items);
        page.cursor = found.next_cursor;
        if page.cursor.is_none() {
            break;
        }
    }
    Ok(items)
}

fn describe(user: &User) -> String {
    let status = serde_json::to_value(user.status).ok();
    let status = status.as_ref().and_then(|status| status.as_str()).unwrap_or_default();
    format!(
        "{}  {:<10} {:<16} {}, {}, {}, {}",
        user.address, status, user.account, user.person.name, user.person.unit, user.person.city, user.person.country
    )
}
