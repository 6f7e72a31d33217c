//! The steps of the schema. One that was released never changes: a database that has taken it refuses to open when its text is another.
//!
//! Without `sqlx::migrate!`, whose macro compiles both databases' drivers a second time, SQLite in C included.

use sqlx::{
    SqlStr,
    migrate::{Migration, MigrationType, Migrator},
};

const SQLITE: [&str; 9] = [
    include_str!("../../migrations/sqlite/0001_identity.sql"),
    include_str!("../../migrations/sqlite/0002_network.sql"),
    include_str!("../../migrations/sqlite/0003_under_way.sql"),
    include_str!("../../migrations/sqlite/0004_openings.sql"),
    include_str!("../../migrations/sqlite/0005_supervision.sql"),
    include_str!("../../migrations/sqlite/0006_charges.sql"),
    include_str!("../../migrations/sqlite/0007_readers.sql"),
    include_str!("../../migrations/sqlite/0008_shared_accesses.sql"),
    include_str!("../../migrations/sqlite/0009_announced.sql"),
];
const POSTGRES: [&str; 9] = [
    include_str!("../../migrations/postgres/0001_identity.sql"),
    include_str!("../../migrations/postgres/0002_network.sql"),
    include_str!("../../migrations/postgres/0003_under_way.sql"),
    include_str!("../../migrations/postgres/0004_openings.sql"),
    include_str!("../../migrations/postgres/0005_supervision.sql"),
    include_str!("../../migrations/postgres/0006_charges.sql"),
    include_str!("../../migrations/postgres/0007_readers.sql"),
    include_str!("../../migrations/postgres/0008_shared_accesses.sql"),
    include_str!("../../migrations/postgres/0009_announced.sql"),
];
/// Of the step at the same place; in the files' names too.
const DESCRIPTIONS: [&str; 9] = [
    "identity",
    "network",
    "under way",
    "openings",
    "supervision",
    "charges",
    "readers",
    "shared accesses",
    "announced",
];

/// For SQLite.
pub(crate) fn sqlite() -> Migrator {
    migrator(&SQLITE)
}

/// For PostgreSQL.
pub(crate) fn postgres() -> Migrator {
    migrator(&POSTGRES)
}

fn migrator(steps: &[&'static str]) -> Migrator {
    let steps = (1..).zip(DESCRIPTIONS).zip(steps).map(|((version, description), sql)| {
        Migration::new(version, description.into(), MigrationType::Simple, SqlStr::from_static(sql), false)
    });
    Migrator::with_migrations(steps.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a database keeps of a step that it has taken: its number, and SHA-384 of its text.
    #[test]
    fn released_steps_never_change() {
        let kept = |migrator: Migrator| -> Vec<(i64, String)> {
            migrator.iter().map(|step| (step.version, hex::encode(&step.checksum))).collect()
        };
        let sqlite_1 =
            "07d89309a86c3428fdac4e4c3893c8a0c958cf256acf1cf633952a7b0ab535415f24e12516e45c74355320179487a82d";
        let postgres_1 =
            "58b8439e8b78584919115ca057715aa77c27d64f043260f9ade40607b457693d723285760b5b1546eebb2694497c09a9";
        let sqlite_2 =
            "a7f0b2705a1a6c7084de4da6f83eabf663a26c50a271def1c60e0b7e44b3d099d1b67e49e8a3b131795d9e9a97753b59";
        let postgres_2 =
            "1f6f49cb9a354a6c23a58923c4b53cedadcf936e8ad178cd10fcd086e87c90c8a0eecd43a5e5adf3ee50ec80f32dfb7e";
        let sqlite_3 =
            "fe93adf9dfadbd3f49f74f318f22e443692318ad1939f21fa15189ea8622a672b5ba0c1e78c3aa766a7adf2d3dc511db";
        let postgres_3 =
            "fdc1bc83f19cad3033916fac43be78754632e87e18a6c3cefff4b4edbce5464b401d1cf018f64f301b76d493dc6cefb6";
        let sqlite_4 =
            "ebbfd81000b59fafbdd9e4490778936b0aa88452ac5bb89cff17cbdf792bf2dfff23ef1c03e4c399e4dc1ddc8470adfb";
        let postgres_4 =
            "bb148b4238da4920d44b26d7cdb66ff00c32e77d15c5e661410b324f8e8720d330e82c09007867bb46f266ffc2a41d29";
        let sqlite_5 =
            "2337291a424223ef064fb50bb41b973a7df8b6e57ad12f85694d08fb35f2812252c19298f0280597d7c7f45ddf0099bb";
        let postgres_5 =
            "92633ee74248f2fc2ff5b2669458016a0185f8941cd8f4491f147dc86155845904892ac7b4da46b3430137617ae6ab42";
        let sqlite_6 =
            "bb8f68d60c4068b5343efd632aac6dda697f548f3d5de90eae80145555f9d2ae12affd892b608f3960b5873e40632d9c";
        let postgres_6 =
            "70278bc39c0cb1fb852c8bc96902bb7c65e2fbeb71043d57ec869b3672d7da992d80d54219ad8e19b930399353406e49";
        // One text is of both databases.
        let both_7 = "49c5a06f155240a6b5c72c945911bbc21aedc5cf60688e2d8b7459a3211ac9ce308054521c167354410e8631a682419c";
        let sqlite_8 =
            "0bc768c3d0f49af1a773c972f9f2ecab2d3f3911ec9380cfb577dc929ab4e2cb5cec52681ed1065e9ac59f27f3eb2390";
        let postgres_8 =
            "84ad0ab51991069ed5053b8e94abc454d80b83e7e3b4b6eaf037a35a5ef6342759f3abf231e8fe3fd3c5afe25a47a684";
        let sqlite_9 =
            "5d6e2a3f1374015158f49fa1b3e623c970046b113ed032e566d4b4c75235b1ca1888f73cf409317036267480794cb9c7";
        let postgres_9 =
            "16fa64bf194cea03ba58d1ed5f93ada3c4a9e4a58a4a07fe86c272696d9e9111e6b1fd34994e12603ff1ef01f6247c6b";
        let texts = |steps: [&str; 9]| -> Vec<(i64, String)> {
            (1..).zip(steps).map(|(version, checksum)| (version, checksum.to_owned())).collect()
        };
        assert_eq!(
            kept(sqlite()),
            texts([sqlite_1, sqlite_2, sqlite_3, sqlite_4, sqlite_5, sqlite_6, both_7, sqlite_8, sqlite_9])
        );
        assert_eq!(
            kept(postgres()),
            texts([
                postgres_1, postgres_2, postgres_3, postgres_4, postgres_5, postgres_6, both_7, postgres_8, postgres_9
            ])
        );
    }
}
