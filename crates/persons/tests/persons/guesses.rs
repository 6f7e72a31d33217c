//! No guess can be tested against what is kept or sent (PERSONS-1).

use std::collections::BTreeMap;

use chancery_identity::Person;
use chancery_persons::{
    evaluation::{Blinding, EvaluatorKey},
    tags::tag,
};
use zeroize::Zeroizing;

use crate::world::*;

/// What somebody makes of a guess who has the keys of these evaluators.
fn tags_by(seeds: &[u8], guess: &Person) -> Vec<[u8; 32]> {
    let inputs = guess.network_inputs().unwrap();
    let of = |input: &Zeroizing<[u8; 32]>| {
        let outputs: BTreeMap<_, _> = seeds
            .iter()
            .map(|seed| {
                let key = EvaluatorKey::from_seed(&[*seed; 32]).unwrap();
                let blinding = Blinding::of(input).unwrap();
                let evaluated = key.evaluate(blinding.blinded()).unwrap();
                (key.public(), blinding.finish(&evaluated, &key.public()).unwrap())
            })
            .collect();
        [vec![*tag(&outputs)], outputs.values().map(|output| **output).collect()].concat()
    };
    std::iter::once(&inputs.name).chain(&inputs.document).flat_map(of).collect()
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

// C-ID, PERSONS-1: who has every database and everything that was sent, and all keys but one, learns of no guess whether it is right.
#[tokio::test(flavor = "multi_thread")]
async fn no_guess_can_be_tested_without_the_keys_of_all_evaluators() {
    let world = World::new().await;
    let registered = person("Ottoline Quarrendon", Some("QX-7741"));
    world.harbour.register(&user(1, registered.clone()), NOW).await.unwrap();
    confirm(&world.harbour, 1).await.unwrap();
    assert!(is_registered_elsewhere(&world.riverside.register(&user(2, registered.clone()), NOW).await));

    let mut kept = [world.server.dump("register"), world.server.dump("riverside")].concat();
    for entry in std::fs::read_dir(world.folder.path()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "keys") {
            kept.extend(std::fs::read(path).unwrap());
        }
    }
    kept.extend(world.services.sent.lock().unwrap().concat());
    let found = |guess: &[u8]| contains(&kept, guess) || contains(&kept, hex(guess).as_bytes());

    let inputs = registered.network_inputs().unwrap();
    for guess in
        [inputs.name.as_slice(), inputs.document.as_ref().unwrap().as_slice(), b"Quarrendon", b"QX-7741", b"quarrendon"]
    {
        assert!(!found(guess));
    }
    for seeds in [&[][..], &[1], &[2], &[1, 3]] {
        for tag in tags_by(seeds, &registered) {
            assert!(!found(&tag), "with the keys of {seeds:?}");
        }
    }
    // With all keys it can: so the search looks where the tags are.
    let [name, ..] = tags_by(&[1, 2], &registered)[..] else { panic!("a tag") };
    assert!(found(&name));
    // What evaluators saw of the same person by two offices is never the same.
    let sent = world.services.sent.lock().unwrap();
    let points: Vec<_> = sent.iter().filter(|sent| sent.len() == 33).collect();
    assert_eq!(points.len(), 8);
    assert!(points.iter().enumerate().all(|(index, point)| !points[..index].contains(point)));
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
