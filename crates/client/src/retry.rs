//! Trying again: bounded, with jitter, and only what may be tried again.

use std::time::Duration;

use crate::ClientError;

/// How often something that is the same however often it is sent is tried, and how far apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// Most attempts in all, the first among them; 1 tries once.
    pub attempts: u32,
    /// Longest wait before the second attempt; doubled before each further one.
    pub first_delay: Duration,
    /// Longest wait ever, also of one that the gateway asks for.
    pub max_delay: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self { attempts: 5, first_delay: Duration::from_millis(200), max_delay: Duration::from_secs(5) }
    }
}

impl Retry {
    /// No second attempt.
    pub const ONCE: Self = Self { attempts: 1, first_delay: Duration::ZERO, max_delay: Duration::ZERO };

    /// Calls until it succeeds, fails for good, or was tried often enough: only what is the same however often it is sent.
    ///
    /// # Errors
    /// The last failure.
    pub async fn run<T, F>(&self, mut call: impl FnMut() -> F) -> Result<T, ClientError>
    where
        F: Future<Output = Result<T, ClientError>>,
    {
        let mut failed = 0;
        loop {
            match call().await {
                Err(error) if error.is_temporary() => {
                    failed += 1;
                    if failed >= self.attempts {
                        return Err(error);
                    }
                    self.pause(failed, &error).await;
                }
                other => return other,
            }
        }
    }

    /// Waits after so many failed attempts.
    pub(crate) async fn pause(&self, failed: u32, error: &ClientError) {
        tokio::time::sleep(self.delay(failed, chance(), error.retry_after().unwrap_or_default())).await;
    }

    /// Any time up to the bound, so that many clients do not come back at once; not before the gateway asks.
    fn delay(&self, failed: u32, chance: f64, asked: Duration) -> Duration {
        let doubled = 1_u32.checked_shl(failed.saturating_sub(1)).unwrap_or(u32::MAX);
        let bound = self.first_delay.saturating_mul(doubled).min(self.max_delay);
        asked.saturating_add(bound.mul_f64(chance)).min(self.max_delay)
    }
}

/// From 0 to 1. Without randomness the longest wait is as good as any.
fn chance() -> f64 {
    let mut bytes = [0; 4];
    getrandom::fill(&mut bytes).map_or(1.0, |()| f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::cell::Cell;

    use chancery_reference_points::Code;
    use chancery_rest::Problem;
    use serde_json::json;

    use super::*;

    fn problem(code: Code, status: u16) -> ClientError {
        ClientError::Problem(Box::new(Problem::new(code, status, "")))
    }

    #[test]
    fn waits_double_up_to_their_bound_and_are_not_shorter_than_is_asked() {
        let policy = Retry::default();
        let waits = [1, 2, 3, 6, 64].map(|failed| policy.delay(failed, 1.0, Duration::ZERO).as_millis());
        assert_eq!(waits, [200, 400, 800, 5000, 5000]);
        assert_eq!(policy.delay(1, 0.0, Duration::ZERO), Duration::ZERO);
        assert_eq!(policy.delay(1, 0.5, Duration::from_millis(300)).as_millis(), 400);
        assert_eq!(policy.delay(1, 1.0, Duration::from_secs(3600)), policy.max_delay, "a day is not slept through");
    }

    #[tokio::test]
    async fn what_passes_is_tried_again_and_what_is_refused_is_not() {
        let policy = Retry { first_delay: Duration::ZERO, ..Retry::default() };
        for (failure, expected) in [
            (problem(Code::ChainUnreachable, 503), policy.attempts),
            (ClientError::Unreachable { gateway: String::new(), reason: String::new() }, policy.attempts),
            (ClientError::NotAGateway { gateway: String::new(), status: 502, reason: String::new() }, policy.attempts),
            (ClientError::NotAGateway { gateway: String::new(), status: 200, reason: String::new() }, 1),
            (problem(Code::SchemaViolation, 422), 1),
            (problem(Code::QuotaExceeded, 429), 1),
            (problem(Code::MailboxFull, 429), 1),
        ] {
            let (tried, failure) = (Cell::new(0), Cell::new(Some(failure)));
            let shown = policy.run(|| {
                tried.set(tried.get() + 1);
                let last = failure.take().unwrap();
                failure.set(Some(again(&last)));
                async move { Err::<(), _>(last) }
            });
            let shown = shown.await.unwrap_err();
            assert_eq!(tried.get(), expected, "{shown:?}");
        }
    }

    /// The same failure once more.
    fn again(failure: &ClientError) -> ClientError {
        match failure {
            ClientError::Problem(problem) => ClientError::Problem(problem.clone()),
            ClientError::NotAGateway { gateway, status, reason } => {
                ClientError::NotAGateway { gateway: gateway.clone(), status: *status, reason: reason.clone() }
            }
            _ => ClientError::Unreachable { gateway: String::new(), reason: String::new() },
        }
    }

    #[test]
    fn when_to_come_back_is_read_from_the_problem() {
        let ClientError::Problem(mut told) = problem(Code::TooManyRequests, 429) else { return };
        told.members.insert("retryAfterMs".into(), json!(1500));
        assert_eq!(ClientError::Problem(told).retry_after(), Some(Duration::from_millis(1500)));
        assert_eq!(problem(Code::TooManyRequests, 429).retry_after(), None);
    }
}
