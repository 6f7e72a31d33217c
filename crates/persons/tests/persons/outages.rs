//! What cannot be determined is said to be so, nothing is written, and nothing is lost (C-ID, IDENTITY-6).

use std::sync::atomic::Ordering;

use chancery_identity::{IdentityError, NetworkError, UserStatus};
use chancery_persons::office::OfficeNetwork;

use crate::world::*;

#[tokio::test(flavor = "multi_thread")]
async fn while_anybody_is_silent_nobody_is_registered_and_afterwards_everybody() {
    let world = World::new().await;
    world.harbour.register(&user(1, person("Lin Zhao", None)), NOW).await.unwrap();
    let registration = user(2, person("Wei Chen", None));
    let reach = |part: usize, is_reached: bool| match part {
        2 => world.services.register_is_reached.store(is_reached, Ordering::SeqCst),
        evaluator => world.services.reach_evaluator(evaluator, is_reached),
    };
    for part in 0..3 {
        reach(part, false);
        let refused = world.riverside.register(&registration, NOW).await;
        assert!(is_undetermined(&refused), "without part {part}: {refused:?}");
        assert_eq!(world.riverside.user(registration.address).await.unwrap(), None, "nothing is written");
        // What an office knows by itself it goes on knowing.
        let known = world.harbour.register(&user(1, person("Lin Zhao", None)), NOW).await.unwrap();
        assert_eq!((known.status, known.returning), (UserStatus::Pending, true));
        assert!(is_registered_elsewhere(&world.harbour.register(&user(3, person("Lin Zhao", None)), NOW).await));
        reach(part, true);
    }
    // A confirmation waits for the register; the registration is as it was.
    reach(2, false);
    assert!(is_undetermined(&confirm(&world.harbour, 1).await));
    assert_eq!(
        world.harbour.user(user(1, person("x", None)).address).await.unwrap().unwrap().status,
        UserStatus::Pending
    );
    // A rejection does not wait; its reservation ends by itself.
    reach(2, true);
    world.harbour.register(&user(4, person("Na Li", None)), NOW).await.unwrap();
    reach(2, false);
    reject(&world.harbour, 4).await;
    reach(2, true);
    assert!(is_registered_elsewhere(&world.riverside.register(&user(5, person("Na Li", None)), NOW).await));

    assert_eq!(confirm(&world.harbour, 1).await.unwrap(), UserStatus::Confirmed);
    assert_eq!(world.riverside.register(&registration, NOW).await.unwrap().status, UserStatus::Pending);
    // The office that had turned somebody away may take the person again, when what failed is not under way any more.
    let again = user(4, person("Na Li", None));
    assert!(is_undetermined(&world.harbour.register(&again, NOW).await));
    assert_eq!(world.harbour.register(&again, NOW + 60_000).await.unwrap().status, UserStatus::Pending);
}

// PERSONS-3, PERSONS-4: an office with other evaluators, no office, and one that asks too much.
#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_belong_or_asks_too_much_gets_no_answer() {
    let world = World::with_daily_evaluations(2).await;
    let inputs = person("Lin Zhao", None).network_inputs().unwrap();
    let reserve = async |network: OfficeNetwork<DirectPeers>| {
        use chancery_identity::PersonNetwork as _;
        network.reserve(&inputs).await.unwrap_err()
    };
    let stranger = reserve(network(&world.services, STRANGER)).await;
    assert!(matches!(&stranger, NetworkError::Unusable(why) if why.contains("no office")), "{stranger:?}");
    let one = OfficeNetwork::new(world.services.keys()[..1].to_vec(), peers(&world.services, HARBOUR)).unwrap();
    let other = reserve(one).await;
    assert!(matches!(&other, NetworkError::Unusable(why) if why.contains("other evaluators")), "{other:?}");
    assert!(OfficeNetwork::new(Vec::new(), peers(&world.services, HARBOUR)).is_err());
    let twice = [world.services.keys(), world.services.keys()].concat();
    assert!(OfficeNetwork::new(twice, peers(&world.services, HARBOUR)).is_err());

    // The first evaluator has counted one guess of this office already.
    world.harbour.register(&user(1, person("Wei Chen", None)), NOW).await.unwrap();
    let spent = world.harbour.register(&user(2, person("Na Li", None)), NOW).await;
    assert!(is_undetermined(&spent), "{spent:?}");
    assert!(matches!(&spent, Err(IdentityError::Undetermined(error)) if error.to_string().contains("of the day")));
    world.services.now_ms.store(NOW + 24 * 60 * 60 * 1000, Ordering::SeqCst);
    world.harbour.register(&user(2, person("Na Li", None)), NOW).await.unwrap();
}
