//! `chancery user` (C-ID, C-API-1).

use std::process::ExitCode;

use anyhow::Result;
use chancery_client::{
    PageQuery,
    rest::types::users::{Confirmation, ConfirmationDecision, Person, User, UserStatus},
};

use crate::{
    arguments::{Connection, UserCommand},
    keys,
    output::Output,
    party::{Party, RealName},
};

pub(super) async fn run(command: UserCommand, connection: &Connection, output: &Output) -> Result<ExitCode> {
    let party = Party::connect(&connection.url, keys::of(connection)?).await?;
    match command {
        UserCommand::Register { account, name, unit, city, country, document_number, birth_date } => {
            let person = Person { name, unit, city, country, document_number, birth_date };
            let registered = party.register(RealName { account, person }).await?;
            let text = format!(
                "{} is registered as {} ({}).\nNext: show your papers at an office, which confirms your name; then your keys stand on the main chain.",
                registered.address, registered.account, registered.did
            );
            output.answer(&registered, text);
        }
        UserCommand::Show => {
            let user = party.client.user(party.address()).await?;
            output.answer(&user, describe(&user));
        }
        UserCommand::Pending => {
            let page = party.client.users(Some(UserStatus::Pending), &PageQuery::default()).await?;
            let text = if page.items.is_empty() {
                "Nobody waits.".to_owned()
            } else {
                page.items.iter().map(describe).collect::<Vec<_>>().join("\n")
            };
            output.answer(&page, text);
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

fn describe(user: &User) -> String {
    let status = serde_json::to_value(user.status).ok();
    let status = status.as_ref().and_then(|status| status.as_str()).unwrap_or_default();
    format!(
        "{}  {:<10} {:<16} {}, {}, {}, {}",
        user.address, status, user.account, user.person.name, user.person.unit, user.person.city, user.person.country
    )
}
