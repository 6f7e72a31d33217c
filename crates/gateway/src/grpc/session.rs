//! Signing in over gRPC: the session is the one of REST.

use std::sync::Arc;

use bytes::Bytes;
use chancery_grpc::session::{
    GetNonceRequest, Nonce, SignInRequest, SignOutRequest, SignedIn, SignedOut, session_server::Session,
};
use chancery_rest::{types::session::SignIn, values::HexBytes};
use tonic::{Request, Response, Status};

use super::call::{Call, caller};
use crate::{
    problem::ApiResult,
    routes::session::{Opened, closed, opened},
    state::Shared,
};

/// The service.
pub(super) struct SessionService(pub(super) Arc<Shared>);

impl SessionService {
    fn nonce(&self) -> ApiResult<Nonce> {
        let (nonce, expires_at_s) = self.0.nonces.issue(self.0.clock.unix_seconds())?;
        Ok(Nonce { nonce, expires_at_s })
    }

    async fn open(&self, request: SignInRequest) -> ApiResult<SignedIn> {
        let request = SignIn { message: request.message, signature: HexBytes(request.signature.into()) };
        let Opened { token, ends, address, roles } = opened(&self.0, &request).await?;
        Ok(SignedIn {
            token: token.to_string(),
            expires_at_s: ends,
            address: Bytes::copy_from_slice(address.as_slice()),
            roles: roles.into_iter().map(|role| role.name().to_owned()).collect(),
        })
    }
}

#[tonic::async_trait]
impl Session for SessionService {
    async fn get_nonce(&self, request: Request<GetNonceRequest>) -> Result<Response<Nonce>, Status> {
        let call = Call::of(&request);
        self.nonce().map(Response::new).map_err(|error| call.refuse(error))
    }

    async fn sign_in(&self, request: Request<SignInRequest>) -> Result<Response<SignedIn>, Status> {
        let call = Call::of(&request);
        self.open(request.into_inner()).await.map(Response::new).map_err(|error| call.refuse(error))
    }

    async fn sign_out(&self, request: Request<SignOutRequest>) -> Result<Response<SignedOut>, Status> {
        let (call, caller) = (Call::of(&request), caller(&request));
        let ended = closed(&self.0, &caller);
        ended.map(|()| Response::new(SignedOut {})).map_err(|error| call.refuse(error))
    }
}
