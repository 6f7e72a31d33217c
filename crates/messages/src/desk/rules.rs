//! What a statement has to be when it arrives.

use chancery_certificates::registry::Authorization;
use chancery_contracts::TrustRefusal;
use chancery_reference_points::{Code, DoorError, DoorResult};

use crate::{
    limits::{MAX_AGE_S, MAX_CLOCK_SKEW_S, MAX_DELIVERY_AGE_S},
    statement::{City, Deposit, Head, Statement},
};

/// Neither old, so that nothing is held back and brought later, nor ahead (MSG-7).
pub(super) fn in_time(statement: &impl Statement, now: u64) -> DoorResult<()> {
    let time = statement.time().get();
    if time > now.saturating_add(MAX_CLOCK_SKEW_S) {
        let error = DoorError::new(Code::ClockSkew, "statement: its time lies ahead; set the clock of whoever signs");
        return Err(error.with("now", now.saturating_mul(1000)));
    }
    if now > time.saturating_add(MAX_AGE_S) {
        let detail = format!("statement: it is older than {MAX_AGE_S} s; sign anew");
        return Err(DoorError::new(Code::OperationExpired, detail));
    }
    Ok(())
}

/// Nobody writes to itself: the receipt would say nothing.
pub(super) fn between_two(head: &Head) -> DoorResult<()> {
    if head.from.address == head.to.address {
        let detail = "statement.head.to: the receiver is the sender";
        return Err(DoorError::new(Code::MalformedRequest, detail).with("member", "statement.head.to"));
    }
    Ok(())
}

/// A message within the city names none.
pub(super) fn not_to_itself(head: &Head, own: City) -> DoorResult<()> {
    if head.to_city == Some(own) {
        let detail = "statement.head.toCity: it is this city; a message within it names none";
        return Err(DoorError::new(Code::MalformedRequest, detail).with("member", "statement.head.toCity"));
    }
    Ok(())
}

/// What comes from another city may have waited until this one answered, and no longer than its sender's city keeps it (MSG-14).
pub(super) fn in_days(deposit: &Deposit, now: u64) -> DoorResult<()> {
    let sent = deposit.head.sent.get();
    if sent > now.saturating_add(MAX_CLOCK_SKEW_S) {
        let error = DoorError::new(Code::ClockSkew, "statement: its time lies ahead; set the clock of whoever signs");
        return Err(error.with("now", now.saturating_mul(1000)));
    }
    if now > sent.saturating_add(MAX_DELIVERY_AGE_S) {
        let detail = format!("the deposit is older than {MAX_DELIVERY_AGE_S} s: send the message anew");
        return Err(DoorError::new(Code::OperationExpired, detail));
    }
    Ok(())
}

pub(super) fn may_sign(standing: Authorization) -> DoorResult<()> {
    Err(match standing {
        Authorization::Authorized => return Ok(()),
        Authorization::KeyEnded => {
            DoorError::new(Code::KeyRotated, "the right `submission` of the signer's key has ended")
        }
        Authorization::OrganizationSuspended => {
            DoorError::new(Code::OrganizationSuspended, "the signer's organization is suspended")
        }
        Authorization::UnknownOrganization => {
            DoorError::new(Code::UnknownOrganization, "statement: the signer's organization is not registered")
        }
        Authorization::NotAuthorized => {
            let detail = "the signer's key has no right `submission` for the organization that it names";
            DoorError::new(Code::RoleRequired, detail).with("required", vec!["source"])
        }
        Authorization::NotShown(why) => not_shown(why),
    })
}

/// The chain that is asked takes rights over by proof, and this one does not count there now.
fn not_shown(why: TrustRefusal) -> DoorError {
    let detail = format!("the right `submission` of the key does not count on the chain that was asked: {why}");
    DoorError::new(Code::RightNotShown, detail)
}

pub(super) fn may_receive(standing: Authorization) -> DoorResult<()> {
    Err(match standing {
        Authorization::Authorized => return Ok(()),
        Authorization::NotShown(why) => not_shown(why),
        Authorization::UnknownOrganization => {
            DoorError::new(Code::UnknownOrganization, "statement.head.to: there is no such organization")
        }
        Authorization::KeyEnded | Authorization::OrganizationSuspended | Authorization::NotAuthorized => {
            let detail = "statement.head.to: this is no key with the right `submission` in force of that organization";
            DoorError::new(Code::UnknownAddress, detail).with("member", "statement.head.to")
        }
    })
}
