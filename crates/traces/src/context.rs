//! W3C Trace Context: the header `traceparent`, and `traceresponse` as the second level drafts it.

use http::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry::{
    Context,
    trace::{SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState},
};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

/// Where a request says which span it belongs to (W3C Trace Context, section 3.2).
pub static TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
/// Where an answer says which span it was (W3C Trace Context Level 2, section 3.4).
pub static TRACERESPONSE: HeaderName = HeaderName::from_static("traceresponse");

/// Longest header that is read: later versions may add to the 55 characters of the first.
const MAX_HEADER_BYTES: usize = 256;

/// Of so many that something is done for together, it is said for whom; collectors drop more.
const MAX_LINKS: usize = 128;

/// The span of another process, or of another task, that something belongs to.
#[derive(Clone, Debug, PartialEq)]
pub struct Parent(SpanContext);

impl Parent {
    /// What the headers say. `None`: they name nothing, more than one thing, or what does not read (TRACE-2).
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        let mut named = headers.get_all(&TRACEPARENT).iter();
        let value = named.next()?;
        if named.next().is_some() || value.len() > MAX_HEADER_BYTES {
            return None;
        }
        parse(value.to_str().ok()?).map(Self)
    }

    /// The span that is entered. `None`: nothing is followed.
    #[must_use]
    pub fn current() -> Option<Self> {
        of_span(&Span::current()).map(Self)
    }

    /// Whether whoever began the trace has decided that it is kept.
    #[must_use]
    pub fn is_sampled(&self) -> bool {
        self.0.is_sampled()
    }

    /// A span for what is done for several together: one of them is its parent, a sampled one where there is one, and it is linked to the rest. None where none is followed.
    pub fn together<'a>(parents: impl IntoIterator<Item = &'a Self>, span: impl FnOnce() -> Span) -> Span {
        let parents: Vec<_> = parents.into_iter().take(MAX_LINKS).collect();
        let Some(first) = parents.iter().position(|parent| parent.is_sampled()).or((!parents.is_empty()).then_some(0))
        else {
            return Span::none();
        };
        let span = span();
        for (place, parent) in parents.into_iter().enumerate() {
            if place == first {
                parent.adopted_by(&span);
            } else {
                parent.linked_from(&span);
            }
        }
        span
    }

    /// Makes this the parent of a span that was not entered yet. Without an exporter it does nothing.
    pub fn adopted_by(&self, span: &Span) {
        if !span.is_disabled() {
            // Refused where nobody exports.
            let _ = span.set_parent(Context::new().with_remote_span_context(self.0.clone()));
        }
    }

    /// Notes on a span that it is about this as well.
    fn linked_from(&self, span: &Span) {
        if !span.is_disabled() {
            span.add_link(self.0.clone());
        }
    }
}

/// Whether what is done now is followed.
#[must_use]
pub fn is_followed() -> bool {
    !Span::current().is_disabled()
}

/// A method of HTTP as a span names it: what is none of RFC 9110 or RFC 5789 is what a caller writes (TRACE-2), and is `_OTHER` as OpenTelemetry has it.
#[must_use]
pub fn method_name(method: &str) -> &str {
    const KNOWN: [&str; 9] = ["CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"];
    if KNOWN.contains(&method) { method } else { "_OTHER" }
}

/// Says in the headers of a request to which span it belongs; nothing where nothing is followed.
pub fn pass_on(headers: &mut HeaderMap) {
    if let Some(value) = of_span(&Span::current()).as_ref().and_then(header) {
        headers.insert(TRACEPARENT.clone(), value);
    }
}

/// Says in the headers of an answer which span it was, so that whoever asks can name it to an operator.
pub fn answer(span: &Span, headers: &mut HeaderMap) {
    if let Some(value) = of_span(span).as_ref().and_then(header) {
        headers.insert(TRACERESPONSE.clone(), value);
    }
}

fn of_span(span: &Span) -> Option<SpanContext> {
    if span.is_disabled() {
        return None;
    }
    let context = span.context().span().span_context().clone();
    context.is_valid().then_some(context)
}

fn header(context: &SpanContext) -> Option<HeaderValue> {
    let flags = (context.trace_flags() & TraceFlags::SAMPLED).to_u8();
    HeaderValue::from_str(&format!("00-{}-{}-{flags:02x}", context.trace_id(), context.span_id())).ok()
}

fn parse(value: &str) -> Option<SpanContext> {
    let mut parts = value.split('-');
    let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let is_hex = |text: &str, length| {
        text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
    };
    let is_read = is_hex(version, 2) && is_hex(trace, 32) && is_hex(span, 16) && is_hex(flags, 2);
    // What comes behind the four parts is of a later version; the first has nothing there.
    if !is_read || version == "ff" || (version == "00" && parts.next().is_some()) {
        return None;
    }
    let flags = TraceFlags::new(u8::from_str_radix(flags, 16).ok()?) & TraceFlags::SAMPLED;
    let (trace, span) = (TraceId::from_hex(trace).ok()?, SpanId::from_hex(span).ok()?);
    let context = SpanContext::new(trace, span, flags, true, TraceState::default());
    context.is_valid().then_some(context)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use opentelemetry::trace::TracerProvider as _;
    use opentelemetry_sdk::trace::SdkTracerProvider;
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;
    use crate::TARGET;

    const NAMED: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    fn headers(values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(TRACEPARENT.clone(), HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    // TRACE-2
    #[test]
    fn a_header_reads_as_the_recommendation_says() {
        let read = Parent::of(&headers(&[NAMED])).unwrap().0;
        assert_eq!(read.trace_id().to_string(), "0af7651916cd43dd8448eb211c80319c");
        assert_eq!(read.span_id().to_string(), "b7ad6b7169203331");
        assert!(read.is_sampled() && read.is_remote());
        assert_eq!(header(&read).unwrap(), NAMED);
        let later = "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00-what-comes-later";
        assert!(!Parent::of(&headers(&[later])).unwrap().0.is_sampled());
    }

    // TRACE-2
    #[test]
    fn what_does_not_read_is_none() {
        for wrong in [
            "",
            "00",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "00-+af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-1",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
        ] {
            assert_eq!(Parent::of(&headers(&[wrong])), None, "{wrong}");
        }
        assert_eq!(Parent::of(&headers(&[NAMED, NAMED])), None, "twice");
        assert_eq!(Parent::of(&headers(&[&format!("cc{}-{}", &NAMED[2..], "x".repeat(300))])), None, "too long");
        assert_eq!(Parent::of(&HeaderMap::new()), None);
    }

    // TRACE-2
    #[test]
    fn a_method_that_somebody_makes_up_is_not_named() {
        assert_eq!(["GET", "get", "SECRET"].map(method_name), ["GET", "_OTHER", "_OTHER"]);
    }

    // TRACE-3
    #[test]
    fn without_an_exporter_nothing_is_said() {
        let span = tracing::info_span!(target: TARGET, "request");
        Parent::of(&headers(&[NAMED])).unwrap().adopted_by(&span);
        let mut said = HeaderMap::new();
        answer(&span, &mut said);
        span.in_scope(|| pass_on(&mut said));
        assert!(said.is_empty());
        assert!(Parent::current().is_none());
    }

    #[test]
    fn what_a_request_belongs_to_is_passed_on() {
        let provider = SdkTracerProvider::builder().build();
        let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("test"));
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            let span = tracing::info_span!(target: TARGET, "request");
            Parent::of(&headers(&[NAMED])).unwrap().adopted_by(&span);
            let (mut asked, mut answered) = (HeaderMap::new(), HeaderMap::new());
            span.in_scope(|| pass_on(&mut asked));
            answer(&span, &mut answered);
            assert_eq!(asked[&TRACEPARENT], answered[&TRACERESPONSE], "one span");
            let passed_on = Parent::of(&asked).unwrap().0;
            assert_eq!(passed_on.trace_id().to_string(), "0af7651916cd43dd8448eb211c80319c");
            assert_ne!(passed_on.span_id().to_string(), "b7ad6b7169203331", "its own span");
        });
    }
}
