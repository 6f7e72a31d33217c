use alloy_primitives::B256;
use serde::{Deserialize, Serialize};

use super::origin::Origin;
use crate::requester::is_attempt_of;

/// The request that a file is for (EXCHANGE-5). Its number is not known when the file is sealed; who asks, and under which key, is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SealedFor {
    /// The member whose node asks.
    pub requester: B256,
    /// The node of that member, for which keys count by themselves; absent: any of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<B256>,
    /// The idempotency key of its intent.
    pub idempotency_key: B256,
}

impl SealedFor {
    /// Whether this is it: of that member and node, and sequenced under the key, or under that of one of its attempts.
    pub(super) fn is(&self, origin: &Origin) -> bool {
        let key = origin.idempotency_key;
        self.requester == origin.requester
            && self.node.is_none_or(|node| node == origin.node)
            && (self.idempotency_key == key || is_attempt_of(self.idempotency_key, key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::requester::attempt_key;

    // EXCHANGE-5: keys count for each node of each member by itself, so the same key of another one is another request.
    #[test]
    fn a_request_is_known_by_who_asks_and_by_its_key_or_an_attempt_of_it() {
        let (bank, tax, key) = (B256::repeat_byte(1), B256::repeat_byte(2), B256::repeat_byte(3));
        let [first, second] = [5, 6].map(B256::repeat_byte);
        let origin = |requester, node, idempotency_key| Origin { requester, node, idempotency_key };
        let sealed_for = SealedFor { requester: bank, node: Some(first), idempotency_key: key };
        let any_node = SealedFor { node: None, ..sealed_for };
        for attempt in [key, attempt_key(key, 0), attempt_key(key, 7)] {
            assert!(sealed_for.is(&origin(bank, first, attempt)));
            assert!(!sealed_for.is(&origin(bank, second, attempt)) && any_node.is(&origin(bank, second, attempt)));
            assert!(!sealed_for.is(&origin(tax, first, attempt)) && !any_node.is(&origin(tax, first, attempt)));
        }
        assert!(!sealed_for.is(&origin(bank, first, B256::repeat_byte(4))));
        assert!(!sealed_for.is(&origin(bank, first, attempt_key(B256::repeat_byte(4), 0))));
        // As earlier versions have written it.
        let written = serde_json::to_string(&any_node).unwrap_or_default();
        assert!(!written.contains("node"), "{written}");
        assert_eq!(serde_json::from_str::<SealedFor>(&written).ok(), Some(any_node));
    }
}
