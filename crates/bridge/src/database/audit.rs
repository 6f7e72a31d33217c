//! Looks at every row that the chain has put, and puts one back when that is asked for (DATABASE-2).

use alloy_primitives::B256;

use super::{
    connection::Connection,
    entries::Followed,
    error::DatabaseError,
    mapping::{Book, Located},
    tables::{Applied, Tables},
};

/// Keys that are looked at with one question.
const PAGE: usize = 500;

/// A row that is not what the chain has put there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deviation {
    /// Which key.
    pub key: B256,
    /// What the database knows it by.
    pub subject: B256,
    /// The version that was applied last.
    pub version: u64,
    /// What the chain has put there.
    pub applied: B256,
    /// What is there now.
    pub found: B256,
}

/// Compares a database with what was applied to it.
#[derive(Debug)]
pub struct Audit {
    book: Book,
    tables: Tables,
}

impl Audit {
    /// Of a contract's entries in a database.
    #[must_use]
    pub fn new(followed: &Followed, book: Book) -> Self {
        let tables = Tables::new(&book.place, followed.source());
        Self { book, tables }
    }

    /// Looks at every key; how many there are, and those whose rows deviate, at most `limit`.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub async fn look(&self, limit: usize) -> Result<(usize, Vec<Deviation>), DatabaseError> {
        let mut connection = self.book.place.connect().await?;
        let (mut after, mut looked_at, mut deviations) = (String::new(), 0, Vec::new());
        loop {
            let page = self.tables.applied_after(&mut connection, &after, PAGE).await?;
            let Some(last) = page.last() else { return Ok((looked_at, deviations)) };
            after = format!("{:?}", last.key);
            for applied in page {
                looked_at += 1;
                if let Some(deviation) = self.compare(&mut connection, applied).await?
                    && deviations.len() < limit
                {
                    deviations.push(deviation);
                }
            }
        }
    }

    /// Writes the chain's value over what is in the rows of a key; what was there. `None`: nothing was applied to it yet.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub async fn restore(&self, key: B256) -> Result<Option<B256>, DatabaseError> {
        let mut connection = self.book.place.connect().await?;
        connection.begin().await?;
        match self.put_back(&mut connection, key).await {
            Ok(found) => connection.commit().await.map(|()| found),
            Err(error) => {
                connection.roll_back().await;
                Err(error)
            }
        }
    }

    async fn put_back(&self, connection: &mut Connection, key: B256) -> Result<Option<B256>, DatabaseError> {
        self.tables.take_turn(connection).await?;
        let Some(applied) = self.tables.applied(connection, key).await? else { return Ok(None) };
        let located = self.locate(&applied)?;
        let was = located.read(connection).await?;
        located.write(connection, applied.value, applied.version).await?;
        let found = located.read(connection).await?;
        if found == applied.value {
            Ok(Some(was))
        } else {
            Err(DatabaseError::NotKept { key, value: applied.value, found })
        }
    }

    async fn compare(&self, connection: &mut Connection, applied: Applied) -> Result<Option<Deviation>, DatabaseError> {
        let found = self.locate(&applied)?.read(connection).await?;
        let Applied { key, subject, version, value } = applied;
        Ok((found != value).then_some(Deviation { key, subject, version, applied: value, found }))
    }

    fn locate(&self, applied: &Applied) -> Result<Located<'_>, DatabaseError> {
        self.book.locate(applied.key, &[applied.subject]).ok_or(DatabaseError::Undeclared(applied.key))
    }
}
