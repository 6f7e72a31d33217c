//! Which anchors a city's chains have of one another: those that genesis files name, and those that its relay has made on the main chain and noted.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use alloy_primitives::Address;
use chancery_certificates::directory::CityDirectory;
use chancery_contracts::predeploys;
use chancery_processing::AnchorPlaces;
use chancery_reference_points::{anchor::AnchorPlace, operation::ChainName};

use crate::city::{
    layout::{MAIN, SIDE, founded_before},
    relay::anchors_noted,
};

/// The anchors of one city. The relay's note is read each time: it may make them while others run, in another process.
pub(crate) struct CityAnchors {
    note: PathBuf,
    /// The side chains that the city has.
    sides: BTreeSet<&'static str>,
}

impl CityAnchors {
    pub(in crate::city) fn new(note: &Path, directory: &CityDirectory) -> Self {
        let kinds = directory.kinds();
        let has = |name: &str| kinds.iter().any(|kind| kind.as_str() == name);
        Self { note: note.to_owned(), sides: SIDE.into_iter().map(|side| side.name).filter(|name| has(name)).collect() }
    }
}

impl AnchorPlaces for CityAnchors {
    fn places(&self) -> Vec<AnchorPlace> {
        let place = |host: &str, follows: &str, contract: Address| AnchorPlace {
            host: ChainName(host.to_owned()),
            follows: ChainName(follows.to_owned()),
            contract,
            is_fed: host == MAIN.name || follows == MAIN.name,
        };
        let made = anchors_noted(&self.note);
        let mut places = Vec::new();
        for side in SIDE.into_iter().filter(|side| self.sides.contains(side.name)) {
            places.push(place(side.name, MAIN.name, predeploys::MAIN_ANCHOR));
            places.extend(made.get(side.name).map(|contract| place(MAIN.name, side.name, *contract)));
            let before = founded_before(side).filter(|known| self.sides.contains(known.name));
            places.extend(before.map(|known| place(side.name, known.name, predeploys::side_anchor(known.number))));
        }
        places
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    // WATCH-10
    #[test]
    fn all_anchors_of_a_city_are_looked_at_those_that_were_made_as_soon_as_they_are_noted() {
        let folder = tempfile::tempdir().unwrap();
        let note = folder.path().join("relay.json");
        let anchors = CityAnchors::new(&note, &CityDirectory::first_city());
        // The main chain's on each of five, and those of one another: none, one, two, three and four before it.
        assert_eq!(anchors.places().len(), 15);
        let made = Address::repeat_byte(7);
        let text = serde_json::json!({"anchors": {"degree": made}, "heldCertificates": {}});
        std::fs::write(&note, text.to_string()).unwrap();
        let places = anchors.places();
        let on_main: Vec<_> = places.iter().filter(|place| place.host.0 == MAIN.name).collect();
        assert_eq!((places.len(), on_main.len()), (16, 1));
        assert_eq!(places.iter().filter(|place| place.is_fed).count(), 6, "between side chains nothing is pushed");
        assert_eq!((on_main[0].follows.0.as_str(), on_main[0].contract), ("degree", made));
    }
}
