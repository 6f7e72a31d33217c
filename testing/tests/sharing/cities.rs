//! A sealed message from an organization of one city to one of another, by the commands of both, with each city knowing the other by its genesis alone.

use std::fs;

use serde_json::{Value, json};

use super::{
    bodies::{Said, refused},
    messages::{MINUTES, Offices, ids, say},
};

fn send(north: &Offices, south: &Offices, genesis: &str) -> Said {
    let file = north.path("minutes.txt").display().to_string();
    let to = ["--to", "CITY-HALL", "--to-city", &south.city.gateway, "--to-city-genesis", genesis];
    north.say(Some("WATER-WORKS"), &[&["message", "send", &file, "--subject", "Minutes"][..], &to].concat())
}

// S-NET, MSG-2, MSG-8, MSG-11 to MSG-15
#[test]
fn a_sealed_message_goes_to_another_city_and_its_receipt_comes_back() {
    let (north, south) = (Offices::open(&["WATER-WORKS"]), Offices::elsewhere(&["CITY-HALL"]));
    let genesis = |offices: &Offices| offices.path("city/genesis/main.json").display().to_string();
    let (of_north, of_south) = (genesis(&north), genesis(&south));
    assert_ne!(fs::read(&of_north).unwrap(), fs::read(&of_south).unwrap(), "they are two cities");
    fs::write(north.path("minutes.txt"), MINUTES).unwrap();

    // The other city's gateway is not believed: its chain has to be the one of the genesis, and to show a key.
    let text = refused(send(&north, &south, &of_north));
    assert!(text.contains("another chain"), "{text}");
    let text = refused(send(&north, &south, &of_south));
    assert!(text.contains("has published no encryption key"), "{text}");
    let published = south.say(Some("CITY-HALL"), &["message", "publish-key"]).unwrap();
    assert_eq!(ids(&north.say(Some("WATER-WORKS"), &["message", "inbox", "--sent"]).unwrap()), Vec::<&str>::new());

    // A city that does not list the sender's takes nothing; the message stays with the sender, who delivers it when it does.
    let text = refused(send(&north, &south, &of_south));
    assert!(text.contains("unknown-city") && text.contains("chancery message deliver"), "{text}");
    let sent = north.say(Some("WATER-WORKS"), &["message", "inbox", "--sent"]).unwrap();
    let id = ids(&sent)[0].to_owned();
    let said: Value = serde_json::from_str(sent["items"][0]["deposit"]["statement"].as_str().unwrap()).unwrap();
    assert_eq!(said["sealedTo"], published["thumbprint"], "{said}");
    fs::create_dir(south.path("city/cities")).unwrap();
    fs::copy(&of_north, south.path("city/cities/north.json")).unwrap();
    let south = south.killed();
    let gateway = south.city.gateway.clone();
    let deliver = ["message", "deliver", &id, "--to-city", &gateway];
    let delivered = north.say(Some("WATER-WORKS"), &deliver).unwrap();
    assert_eq!(north.say(Some("WATER-WORKS"), &deliver).unwrap(), delivered, "it is one message");

    // What was taken is there after a kill. The receiver opens it, knowing the genesis of the sender's city.
    let south = south.killed();
    let inbox = south.say(Some("CITY-HALL"), &["message", "inbox"]).unwrap();
    assert_eq!((ids(&inbox), &inbox["items"][0]["deposit"]["recorded"]["chain"]), (vec![id.as_str()], &json!("north")));
    let out = south.path("received").display().to_string();
    let read = ["message", "read", &id, "--out", &out];
    let text = refused(south.say(Some("CITY-HALL"), &read));
    assert!(text.contains("--from-city-genesis") && !south.path("received").exists(), "{text}");
    let wrongly = [&read[..], &["--from-city-genesis", &of_south]].concat();
    let text = refused(south.say(Some("CITY-HALL"), &wrongly));
    assert!(text.contains("cities-match") && !south.path("received").exists(), "{text}");
    let opened = south.say(Some("CITY-HALL"), &[&read[..], &["--from-city-genesis", &of_north]].concat()).unwrap();
    assert_eq!((&opened["subject"], &opened["from"]["organization"]), (&json!("Minutes"), &json!("WATER-WORKS")));
    assert!(opened["senderStanding"]["blockNumber"].is_u64(), "{opened}");
    assert_eq!(fs::read_to_string(&out).unwrap(), MINUTES);
    let acknowledge = ["message", "acknowledge", &id, "--from-city-genesis", &of_north];
    let acknowledged = south.say(Some("CITY-HALL"), &acknowledge).unwrap();

    // The sender fetches the receipt where it is recorded.
    let receipt = north.path("receipt.json").display().to_string();
    let fetch = ["message", "receipt", &id, "--out", &receipt, "--in-city", &south.city.gateway];
    let fetched = north.say(Some("WATER-WORKS"), &fetch).unwrap();
    assert_eq!(fetched["acknowledged"], json!(true), "{fetched}");

    // Both cities are gone; who has both genesis files verifies deposit, standing and receipt.
    let home = north.city.gateway.clone();
    let trusted = north.path("trusted");
    fs::create_dir(&trusted).unwrap();
    fs::copy(&of_north, trusted.join("north.json")).unwrap();
    let verify = |file: &str| say(&home, &trusted, None, &["verify", file]);
    let text = refused(verify(&receipt));
    assert!(text.contains("holds no main chain with genesis"), "{text}");
    fs::copy(&of_south, trusted.join("south.json")).unwrap();
    let gone = south.city.gateway.clone();
    south.city.kill().unwrap();
    let text = refused(north.say(Some("WATER-WORKS"), &["message", "deliver", &id, "--to-city", &gone]));
    assert!(text.contains("cannot be reached"), "{text}");
    north.city.kill().unwrap();
    let verified = verify(&receipt).unwrap();
    assert_eq!((&verified["message"], &verified["acknowledgement"]["message"]), (&json!(id), &json!(id)));
    assert_eq!(verified["acknowledged"]["txHash"], acknowledged["acknowledgement"]["txHash"]);
    assert_eq!(verified["senderStanding"], opened["senderStanding"]);
    let text = fs::read_to_string(&receipt).unwrap();
    let mut altered: Value = serde_json::from_str(&text).unwrap();
    altered["standing"]["record"] = json!(99);
    fs::write(&receipt, altered.to_string()).unwrap();
    assert!(refused(verify(&receipt)).contains("sender-standing"));
}
