//! What an S3 service says when it refuses, and which setting that is about (the codes of the S3 API, "Error responses").

use super::StoreError;
use crate::remote::said;

/// What the service said, short: of its XML code and message alone, since others of its elements repeat the request, with a session's token in it.
pub(super) fn shown(error: &object_store::Error) -> String {
    let text = error.to_string();
    let Some((before, xml)) = text.split_once('<') else { return said(&text) };
    let words = ["Code", "Message"].into_iter().filter_map(|name| element(xml, name)).collect::<Vec<_>>();
    format!("{} {}", said(before), said(&words.join(": ")))
}

/// The refusal with the setting that it is about, where the service names a reason that is known.
pub(super) fn refusal(error: &object_store::Error) -> Option<StoreError> {
    let text = error.to_string();
    let look_at = setting(element(&text, "Code").or_else(|| of_several(&text))?)?;
    Some(StoreError::Misconfigured { said: shown(error), look_at })
}

/// The code where several objects were named at once: such an answer has one for each, and the library tells it in words.
fn of_several(text: &str) -> Option<&str> {
    let (_, rest) = text.rsplit_once("(code: ")?;
    Some(rest.split_once(')')?.0)
}

/// What a code of the service is about.
fn setting(code: &str) -> Option<&'static str> {
    Some(match code {
        "SignatureDoesNotMatch" => {
            "aws_secret_access_key in the credentials_file: it is not the secret of this access key; and at region"
        }
        "InvalidAccessKeyId" => "aws_access_key_id in the credentials_file: the service does not know it",
        "InvalidToken" | "ExpiredToken" | "TokenRefreshRequired" => {
            "aws_session_token in the credentials_file: it is over, or of another access key"
        }
        "AccessDenied" | "AllAccessDisabled" | "AccountProblem" => {
            "the policy of the access key: it has to read, write and delete below prefix in this bucket"
        }
        "RequestTimeTooSkewed" => {
            "the clock of this machine: it differs from that of the service by more than it takes"
        }
        "AuthorizationHeaderMalformed" | "PermanentRedirect" | "IllegalLocationConstraintException" => {
            "region and endpoint: the bucket is elsewhere"
        }
        "InvalidBucketName" => "bucket: no bucket has this name",
        _ => return None,
    })
}

fn element<'a>(xml: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    Some(rest.split_once(&format!("</{name}>"))?.0)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn answered(body: &str) -> object_store::Error {
        object_store::Error::Generic { store: "S3", source: body.into() }
    }

    // M-SEC
    #[test]
    fn of_what_a_service_says_code_and_message_are_shown_and_nothing_of_the_request() {
        let body = "<?xml version=\"1.0\"?><Error><Code>SignatureDoesNotMatch</Code><Message>Not\u{1b}[2J so</Message>\
                    <CanonicalRequest>x-amz-security-token:hidden</CanonicalRequest></Error>";
        for body in [body, "<Error><CanonicalRequest>hidden"] {
            let text = StoreError::from(answered(&format!("403 Forbidden: {body}"))).to_string();
            assert!(text.contains("403 Forbidden") && !text.contains("hidden") && !text.contains('\u{1b}'), "{text}");
        }
        assert!(shown(&answered(body)).contains("SignatureDoesNotMatch: Not [2J so"), "{}", shown(&answered(body)));
    }

    // S-ODS: a clock that is off and a token that is over are no outage, which would only be waited for.
    #[test]
    fn a_reason_that_the_service_names_leads_to_one_setting() {
        for (code, setting) in [
            ("SignatureDoesNotMatch", "aws_secret_access_key"),
            ("InvalidAccessKeyId", "aws_access_key_id"),
            ("ExpiredToken", "aws_session_token"),
            ("AccessDenied", "policy"),
            ("RequestTimeTooSkewed", "clock"),
            ("AuthorizationHeaderMalformed", "region"),
        ] {
            let error = answered(&format!("400: <Error><Code>{code}</Code><Message>m</Message></Error>"));
            let refused = StoreError::from(error);
            assert!(matches!(refused, StoreError::Misconfigured { .. }), "{code}: {refused}");
            assert!(refused.to_string().contains(setting) && refused.to_string().contains(code), "{refused}");
        }
        let several = "DeleteObjects request failed for key a: Access Denied (code: AccessDenied)";
        let refused = StoreError::from(answered(several));
        assert!(
            matches!(&refused, StoreError::Misconfigured { look_at, .. } if look_at.contains("policy")),
            "{refused}"
        );
        let later = StoreError::from(answered("503: <Error><Code>SlowDown</Code></Error>"));
        assert!(matches!(later, StoreError::Temporary(_)), "{later}");
    }
}
