//! A certificate with its staple, as `chancery verify` shows it: valid as of when, and how old that is.

use std::process::ExitCode;

use anyhow::Result;
use chancery_certificates::{
    services::rfc3339,
    stapled::{Policy, Trust, VerifiedStaple, verify_stapled},
    verify::VerificationFailure,
};
use chancery_light::TrustedChain;
use chancery_primitives::{CertificateStatus, Outcome};
use serde_json::json;

use super::{
    trust::authority,
    verify::{exit_code, headline},
};
use crate::{
    arguments::{MaxAge, Verify},
    output::{FAILED, Output},
    party::now,
};

/// The oldest proof that is accepted by whoever says nothing: a day, as on the inspector's page.
const DEFAULT_MAX_AGE_S: u64 = 24 * 60 * 60;

/// In seconds; `None`: any.
const fn max_age_s(asked: Option<MaxAge>) -> Option<u64> {
    match asked {
        None => Some(DEFAULT_MAX_AGE_S),
        Some(MaxAge::Seconds(seconds)) => Some(seconds),
        Some(MaxAge::Any) => None,
    }
}

pub(super) fn verify(file: &[u8], chain: &TrustedChain, command: &Verify, output: &Output) -> Result<ExitCode> {
    let authority = authority(&command.genesis)?;
    let policy = Policy { now: now(), max_age_s: max_age_s(command.max_age) };
    match verify_stapled(file, Trust { chain, authority: &authority }, policy) {
        Ok(verified) => {
            output.answer(&verified, describe(&verified, policy.max_age_s));
            Ok(exit_code(verified.outcome))
        }
        Err(VerificationFailure { check, detail }) => {
            output.answer(
                &json!({"outcome": Outcome::Refused, "check": check, "detail": detail}),
                format!("NOT GENUINE\nfailed check: {check}\n{detail}"),
            );
            Ok(ExitCode::from(FAILED))
        }
    }
}

/// Seconds as people say them.
fn age(seconds: u64) -> String {
    match seconds {
        0..=119 => format!("{seconds} seconds"),
        120..=7_199 => format!("{} minutes", seconds / 60),
        7_200..=172_799 => format!("{} hours", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

fn title(verified: &VerifiedStaple, max_age_s: Option<u64>) -> String {
    let status = verified.certificate.status.as_ref();
    let is_undecided = verified.is_too_old && verified.outcome == Outcome::CannotDetermine;
    let Some(most_s) = max_age_s.filter(|_| is_undecided) else {
        return headline(verified.outcome, status.map(|status| status.status)).to_owned();
    };
    let most = age(most_s);
    match status {
        Some(proven) if proven.status == CertificateStatus::Suspended => format!(
            "GENUINE, but it WAS SUSPENDED as of {}; whether it still is, this file is too old to say (accepted are {most}, --max-age)",
            rfc3339(proven.at)
        ),
        _ if verified.age_s <= most_s => format!(
            "GENUINE, but its HOLDER HAS SHOWN it LONGER AGO than the {most} that are accepted (--max-age): ask for a file that is made now"
        ),
        _ => format!("GENUINE, but the PROOF IS OLDER than the {most} that are accepted (--max-age)"),
    }
}

fn describe(verified: &VerifiedStaple, max_age_s: Option<u64>) -> String {
    let (certificate, right) = (&verified.certificate, &verified.right);
    let issue = &certificate.issue;
    let status = certificate.status.as_ref().map_or_else(String::new, |status| status.status.to_string());
    let mut text = format!(
        "{}\nas of         {} ({} old)\ncertificate   {} ({})\norganization  {}\nissued by     {}\nholder        {}\ntransaction   {}\n\
         block         {}\nstatus        {status} at block {}\nright         had it when it issued (main chain, block {})",
        title(verified, max_age_s),
        rfc3339(verified.as_of),
        age(verified.age_s),
        issue.certificate_id,
        issue.kind,
        issue.organization,
        certificate.issuer_key,
        issue.holder,
        certificate.tx_hash,
        certificate.block_number,
        certificate.status.as_ref().map_or(0, |status| status.block_number),
        right.block_number
    );
    if right.is_organization_suspended {
        text.push_str("\n              the organization is suspended since; what it issued before stays good");
    } else if !right.is_in_force {
        text.push_str("\n              key or right have ended since; what was issued before stays good");
    }
    match &verified.presented {
        Some(shown) => text.push_str(&format!("\npresented     by its holder, {} ago", age(shown.age_s))),
        None => text.push_str("\npresented     nothing shows that its holder has shown it"),
    }
    text.push_str(&format!("\nchecks        {}", certificate.checks.join(", ")));
    if !certificate.unproven.is_empty() {
        text.push_str(&format!(
            "\nunproven      {} (the file says it, nothing shows it)",
            certificate.unproven.join(", ")
        ));
    }
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use chancery_primitives::UnixSeconds;
    use serde_json::Value;

    use super::*;

    const VECTORS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../crates/certificates/vectors/stapled.json");
    const NOW: UnixSeconds = UnixSeconds(1_800_000_000);

    /// The headline about a case of the shared vectors whose base is `whole`.
    fn title_of(name: &str, max_age_s: u64) -> String {
        let vectors: Value = serde_json::from_slice(&std::fs::read(VECTORS).unwrap()).unwrap();
        let chain_of = |name: &str| TrustedChain::new(serde_json::from_value(vectors[name].clone()).unwrap()).unwrap();
        let (chain, authority) = (chain_of("chain"), chain_of("authority"));
        let mut file = vectors["bases"]["whole"].clone();
        let case = vectors["cases"].as_array().unwrap().iter().find(|case| case["name"] == name).unwrap();
        for change in case["changes"].as_array().unwrap() {
            *file.pointer_mut(change[0].as_str().unwrap()).unwrap() = change[1].clone();
        }
        let policy = Policy { now: NOW, max_age_s: Some(max_age_s) };
        let trust = Trust { chain: &chain, authority: &authority };
        title(&verify_stapled(file.to_string().as_bytes(), trust, policy).unwrap(), policy.max_age_s)
    }

    // STAPLE-8: what is too old, and what was so before.
    #[test]
    fn what_is_too_old_is_told() {
        assert!(title_of("a certificate with everything that proves it", 599).contains("PROOF IS OLDER"));
        assert!(title_of("only the presentation is old", 1_000).contains("SHOWN it LONGER AGO"));
        assert!(title_of("suspended", 599).contains("WAS SUSPENDED as of 2027-01-15T07:50:00Z"));
        assert_eq!(title_of("suspended", 600), "GENUINE, but SUSPENDED");
    }

    // STAPLE-8
    #[test]
    fn whoever_says_nothing_accepts_a_day() {
        let asked = [None, Some(MaxAge::Seconds(90)), Some(MaxAge::Any)];
        assert_eq!(asked.map(max_age_s), [Some(86_400), Some(90), None]);
    }

    #[test]
    fn ages_are_said_in_the_unit_in_which_people_think() {
        assert_eq!([0, 119, 120, 7_199].map(age), ["0 seconds", "119 seconds", "2 minutes", "119 minutes"]);
        assert_eq!([7_200, 172_799, 172_800].map(age), ["2 hours", "47 hours", "2 days"]);
    }
}
