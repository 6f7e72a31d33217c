//! The services under their paths, with the layers around them.

use std::sync::Arc;

use axum::{Router, middleware};
use chancery_grpc::{
    DESCRIPTORS, o2c::o2c_server, r2d::r2d_server, session::session_server, u2s::u2s_server, v2m::v2m_server,
};
use tokio_util::sync::CancellationToken;
use tonic::server::NamedService;
use tonic_health::ServingStatus;

use super::{
    admission::{admit, not_grpc},
    limits::{MAX_ANSWER_BYTES, MAX_MESSAGE_BYTES, MAX_QUESTION_BYTES},
    o2c::O2cService,
    r2d::R2dService,
    reflection::{Bounds, bounded},
    session::SessionService,
    u2s::U2sService,
    v2m::V2mService,
};
use crate::state::Shared;

/// The services, and the layers around them. Streams end when `shutdown` is cancelled.
///
/// # Errors
/// When the descriptors that were built in do not read, which a test rules out.
pub(crate) async fn router(
    shared: &Arc<Shared>,
    shutdown: CancellationToken,
) -> Result<Router, tonic_reflection::server::Error> {
    let r2d = r2d_server::R2dServer::new(R2dService::new(Arc::clone(shared), shutdown.clone()))
        .max_decoding_message_size(MAX_MESSAGE_BYTES)
        .max_encoding_message_size(MAX_ANSWER_BYTES);
    let u2s = u2s_server::U2sServer::new(U2sService(Arc::clone(shared)))
        .max_decoding_message_size(MAX_MESSAGE_BYTES)
        .max_encoding_message_size(MAX_ANSWER_BYTES);
    let session = session_server::SessionServer::new(SessionService(Arc::clone(shared)))
        .max_decoding_message_size(MAX_QUESTION_BYTES)
        .max_encoding_message_size(MAX_ANSWER_BYTES);
    let o2c = o2c_server::O2cServer::new(O2cService(Arc::clone(shared)))
        .max_decoding_message_size(MAX_MESSAGE_BYTES)
        .max_encoding_message_size(MAX_ANSWER_BYTES);
    let v2m = v2m_server::V2mServer::new(V2mService(Arc::clone(shared)))
        .max_decoding_message_size(MAX_QUESTION_BYTES)
        .max_encoding_message_size(MAX_ANSWER_BYTES);
    // Whoever reaches it learns that it serves; what else answers is said by GET /health.
    let (reporter, health) = tonic_health::server::health_reporter();
    reporter.set_service_status(name_of(&r2d), ServingStatus::Serving).await;
    reporter.set_service_status(name_of(&u2s), ServingStatus::Serving).await;
    reporter.set_service_status(name_of(&session), ServingStatus::Serving).await;
    reporter.set_service_status(name_of(&o2c), ServingStatus::Serving).await;
    reporter.set_service_status(name_of(&v2m), ServingStatus::Serving).await;
    let health = health.max_decoding_message_size(MAX_QUESTION_BYTES);
    let reflection = tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(DESCRIPTORS)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .build_v1()?
        .max_decoding_message_size(MAX_QUESTION_BYTES);
    let reflection = Router::new()
        .route_service(&path_of(&reflection), reflection)
        .layer(middleware::from_fn_with_state(Bounds { shared: Arc::clone(shared), shutdown }, bounded));
    Ok(Router::new()
        .route_service(&path_of(&r2d), r2d)
        .route_service(&path_of(&u2s), u2s)
        .route_service(&path_of(&session), session)
        .route_service(&path_of(&o2c), o2c)
        .route_service(&path_of(&v2m), v2m)
        .route_service(&path_of(&health), health)
        .merge(reflection)
        .layer(middleware::from_fn_with_state(Arc::clone(shared), admit))
        .layer(middleware::from_fn(not_grpc)))
}

/// Where the methods of a service are.
fn path_of<S: NamedService>(service: &S) -> String {
    format!("/{}/{{method}}", name_of(service))
}

const fn name_of<S: NamedService>(_: &S) -> &'static str {
    S::NAME
}
