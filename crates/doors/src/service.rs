//! Each door as a client and as a service, made by one line for each operation. That the lines and the .proto files say the same is tested
//! (`tests/doors/contract.rs`).

mod inner;
mod outer;
mod sources;

/// Makes a door of [`Remote`](crate::Remote), and a service of whatever implements it.
///
/// ```text
/// TRAIT as METHOD_OF_OFFERED, SERVICE;
/// OPERATION, DEADLINE: METHOD([&] ARGUMENT: TYPE, [] ARGUMENT: TYPE as OWNED_TYPE => HOW_IT_IS_PASSED) -> RESULT;
/// ```
/// `[&]` says that the argument is passed by reference, `[]` that it is not.
macro_rules! door {
    (
        $door:ident as $offer:ident, $service:literal;
        $($operation:literal, $deadline:ident: $method:ident($(
            [$($by:tt)*] $argument:ident: $type:ty $(as $owned:ty => $passed:expr)?
        ),*) -> $answer:ty;)*
    ) => {
        const _: () = {
            #[async_trait::async_trait]
            impl $door for crate::Remote {
                $(async fn $method(&self, $($argument: $($by)* $type),*) -> DoorResult<$answer> {
                    const PATH: &str = concat!("/chancery.doors.v1.", $service, "/", $operation);
                    self.call(PATH, crate::limits::$deadline, vec![$(crate::wire::argument(&$argument)?),*]).await
                })*
            }

            #[async_trait::async_trait]
            impl<T: $door + ?Sized> $door for crate::Followed<std::sync::Arc<T>> {
                $(async fn $method(&self, $($argument: $($by)* $type),*) -> DoorResult<$answer> {
                    const NAME: &str = concat!($service, "/", $operation);
                    let span = crate::followed::span(NAME, crate::followed::Side::Within);
                    crate::followed::within(span, self.0.$method($($argument),*)).await
                })*
            }

            struct Service(std::sync::Arc<dyn $door>);

            #[async_trait::async_trait]
            impl crate::offered::Served for Service {
                fn operations(&self) -> &'static [crate::offered::Operation] {
                    &[$(($operation, crate::limits::$deadline)),*]
                }

                async fn answer(
                    &self,
                    operation: &str,
                    mut arguments: crate::wire::Arguments,
                ) -> Option<crate::wire::Answer> {
                    match operation {
                        $($operation => {
                            let outcome: DoorResult<$answer> = async {
                                $(let $argument: owned!($type $(, $owned)?) = arguments.take(stringify!($argument))?;)*
                                arguments.end()?;
                                self.0.$method($(passed!([$($by)*] $argument $(, $passed)?)),*).await
                            }
                            .await;
                            Some(crate::wire::answer(outcome))
                        })*
                        _ => None,
                    }
                }
            }

            impl crate::Offered {
                #[doc = concat!("Offers the door [`", stringify!($door), "`].")]
                #[must_use]
                pub fn $offer(mut self, door: std::sync::Arc<dyn $door>) -> Self {
                    self.doors.insert($service, Box::new(Service(door)));
                    self
                }
            }
        };
    };
}

/// The type that an argument is read as.
macro_rules! owned {
    ($type:ty) => {
        <$type as ToOwned>::Owned
    };
    ($type:ty, $owned:ty) => {
        $owned
    };
}

/// How an argument that was read is passed.
macro_rules! passed {
    ([$($by:tt)*] $argument:ident) => { $($by)* $argument };
    ([$($by:tt)*] $argument:ident, $passed:expr) => { $passed };
}

pub(crate) use {door, owned, passed};
