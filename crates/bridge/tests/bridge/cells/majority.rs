//! More than half of a member's endorsers sign whatever they are shown. What is written there is their word; everything else holds as ever, whoever dies over it.

use alloy_primitives::{B256, Bytes, U256};
use chancery_bridge::alliance::submission::Submission;

use super::{End, Stage, play};
use crate::support::world::{
    founding::ENDORSERS,
    step::{Party, Step},
    story::liars::signs_everything,
};

/// A value that no node contract has suggested.
pub(super) const LIE: u64 = 1_000_000;

impl Stage {
    /// A transfer of which all endorsers of the first member but one have signed another value of its half.
    pub(super) async fn lied_about(&self, account: B256, calls: &[(B256, Bytes)], window_s: u64) -> Submission {
        let life = self.world.shared.life(Party::Onlooker);
        let mut requester = self.requester_with(&life, window_s).await;
        for place in 1..ENDORSERS {
            requester.members[0].endorsers[place] = signs_everything(&self.world, place);
        }
        let mut parts = Vec::new();
        for (member, call) in calls {
            parts.push(requester.suggest(*member, call).await.unwrap());
        }
        parts[0].writes[0].value = B256::from(U256::from(LIE));
        requester.endorse(account, parts).await.unwrap()
    }
}

// A-MORE-1, A-END, ALLIANCE-5, ALLIANCE-7, ALLIANCE-10: one value is wrong, that of the member whose endorsers lie. It is written once, with the other member's or not at all; the other
// member's value is right; versions grow by one; nothing stays held.
#[test]
fn above_half_of_the_endorsers_a_value_may_be_wrong_and_nothing_else() {
    play(&[Party::Relay, Party::Node(1)], &[Step::Reserve(0), Step::Report(0), Step::Apply(0)], End::Lie);
    play(&[Party::Relay], &[Step::Expire], End::LateLie);
}
