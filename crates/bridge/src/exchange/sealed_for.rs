use alloy_primitives::B256;
use serde::{Deserialize, Serialize};

use crate::requester::is_attempt_of;

/// The request that a file is for (EXCHANGE-5). Its number is not known when the file is sealed; who asks, and under which key, is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SealedFor {
    /// The member whose node asks.
    pub requester: B256,
    /// The idempotency key of its intent.
    pub idempotency_key: B256,
}

impl SealedFor {
    /// Whether this is it: of that member, and sequenced under the key, or under that of one of its attempts.
    pub(super) fn is(&self, requester: B256, idempotency_key: B256) -> bool {
        self.requester == requester
            && (self.idempotency_key == idempotency_key || is_attempt_of(self.idempotency_key, idempotency_key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::requester::attempt_key;

    // EXCHANGE-5: keys count for each member by itself, so the same key of another member is another request.
    #[test]
    fn a_request_is_known_by_who_asks_and_by_its_key_or_an_attempt_of_it() {
        let (bank, tax, key) = (B256::repeat_byte(1), B256::repeat_byte(2), B256::repeat_byte(3));
        let sealed_for = SealedFor { requester: bank, idempotency_key: key };
        assert!(sealed_for.is(bank, key));
        assert!(sealed_for.is(bank, attempt_key(key, 0)) && sealed_for.is(bank, attempt_key(key, 7)));
        assert!(!sealed_for.is(tax, key) && !sealed_for.is(tax, attempt_key(key, 0)));
        assert!(!sealed_for.is(bank, B256::repeat_byte(4)));
        assert!(!sealed_for.is(bank, attempt_key(B256::repeat_byte(4), 0)));
    }
}
