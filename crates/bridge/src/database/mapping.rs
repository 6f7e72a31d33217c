//! Which rows stand behind which keys.

use alloy_primitives::B256;

use super::{
    connection::{Connection, Place},
    declaration::{Declaration, EntryDeclaration, MAX_MAPPINGS, MAX_PROMISE_S},
    error::DatabaseError,
    statement::{Bound, Statement},
    subjects::key_of,
    word::{Form, Sql, WordError},
};

/// A member's database, as it is declared.
#[derive(Clone, Debug)]
pub struct Book {
    pub(super) place: Place,
    pub(super) from_block: u64,
    pub(super) ignore_others: bool,
    pub(super) longest_promise_s: u64,
    mappings: Vec<Mapping>,
}

/// Rows of one kind.
#[derive(Clone, Debug)]
pub(super) struct Mapping {
    kind: Option<B256>,
    key: Form,
    value: Form,
    query: Statement,
    apply: Statement,
}

/// A key of the chain with the rows that stand behind it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Located<'a> {
    pub(super) key: B256,
    /// What the database knows it by: the key, or the subject that it is of.
    pub(super) subject: B256,
    mapping: &'a Mapping,
}

impl Book {
    /// Checks a declaration; the database is not asked yet.
    ///
    /// # Errors
    /// `Declaration`, `LongestPromise`, `Statement`.
    pub fn new(place: Place, declaration: &Declaration) -> Result<Self, DatabaseError> {
        if !(1..=MAX_MAPPINGS).contains(&declaration.entries.len()) {
            return Err(DatabaseError::Declaration);
        }
        let Declaration { from_block, ignore_others, longest_promise_s, .. } = *declaration;
        if !(1..=MAX_PROMISE_S).contains(&longest_promise_s) {
            return Err(DatabaseError::LongestPromise(longest_promise_s));
        }
        let mut mappings: Vec<Mapping> = Vec::with_capacity(declaration.entries.len());
        for entry in &declaration.entries {
            let mapping = Mapping::new(&place, entry)?;
            if mappings.iter().any(|known| known.kind == mapping.kind) {
                return Err(DatabaseError::Declaration);
            }
            mappings.push(mapping);
        }
        Ok(Self { place, from_block, ignore_others, longest_promise_s, mappings })
    }

    /// Whether keys have to be told by their subjects.
    pub(super) fn has_kinds(&self) -> bool {
        self.mappings.iter().any(|mapping| mapping.kind.is_some())
    }

    /// The registers of which it has rows.
    pub(super) fn kinds(&self) -> impl Iterator<Item = B256> {
        self.mappings.iter().filter_map(|mapping| mapping.kind)
    }

    /// Whether a key is that of a subject in one of these registers.
    pub(super) fn is_of(&self, key: B256, subject: B256) -> bool {
        self.kinds().any(|kind| key_of(kind, subject) == key)
    }

    /// Whether a statement names this.
    pub(super) fn names(&self, name: &str) -> bool {
        let ends = |letter: char| !letter.is_alphanumeric() && !matches!(letter, '_' | '$');
        let mut statements = self.mappings.iter().flat_map(|mapping| [&mapping.query.sql, &mapping.apply.sql]);
        statements.any(|sql| sql.split(ends).any(|word| word.eq_ignore_ascii_case(name)))
    }

    /// The rows behind a key, which may be that of one of these subjects; `None`: the declaration has none.
    pub(super) fn locate(&self, key: B256, subjects: &[B256]) -> Option<Located<'_>> {
        let of_kind = self.mappings.iter().find_map(|mapping| {
            let kind = mapping.kind?;
            let subject = *subjects.iter().find(|subject| key_of(kind, **subject) == key)?;
            Some(Located { key, subject, mapping })
        });
        let plain = || self.mappings.iter().find(|mapping| mapping.kind.is_none());
        of_kind.or_else(|| plain().map(|mapping| Located { key, subject: key, mapping }))
    }
}

impl Mapping {
    fn new(place: &Place, declared: &EntryDeclaration) -> Result<Self, DatabaseError> {
        let fits = |name: &&String| (1..=B256::len_bytes()).contains(&name.len()) && name.is_ascii();
        let kind = match &declared.kind {
            None => None,
            Some(name) => {
                let name = Some(name).filter(fits).ok_or(DatabaseError::Declaration)?;
                Some(B256::right_padding_from(name.as_bytes()))
            }
        };
        let unusable = |what| move |error| DatabaseError::Statement { what, error };
        Ok(Self {
            kind,
            key: declared.key,
            value: declared.value,
            query: Statement::query(&declared.query, place.dialect()).map_err(unusable("query"))?,
            apply: Statement::apply(&declared.apply, place.dialect()).map_err(unusable("apply"))?,
        })
    }
}

impl Located<'_> {
    /// What the rows have now.
    pub(super) async fn read(&self, connection: &mut Connection) -> Result<B256, DatabaseError> {
        let (form, query) = (self.mapping.value, &self.mapping.query);
        let key = self.bound_key()?;
        let arguments = query.places.iter().map(|_| key.clone()).collect();
        let found = connection.value(&query.sql, arguments, form, self.key).await?;
        form.word(found).map_err(|error| self.unfit(form, error))
    }

    /// Whether key and value can be written at all.
    pub(super) fn check(&self, value: B256) -> Result<(), DatabaseError> {
        self.bound_key()?;
        self.bound_value(value).map(|_| ())
    }

    /// Makes a value that of the rows.
    pub(super) async fn write(
        &self,
        connection: &mut Connection,
        value: B256,
        version: u64,
    ) -> Result<(), DatabaseError> {
        let apply = &self.mapping.apply;
        let (key, value) = (self.bound_key()?, self.bound_value(value)?);
        let version = Sql::Integer(i64::try_from(version).unwrap_or(i64::MAX));
        let arguments = apply.places.iter().map(|place| match place {
            Bound::Key => key.clone(),
            Bound::Value => value.clone(),
            Bound::Version => version.clone(),
        });
        connection.execute(&apply.sql, arguments.collect()).await?;
        Ok(())
    }

    fn bound_key(&self) -> Result<Sql, DatabaseError> {
        let form = self.mapping.key;
        form.to_sql(self.subject).map_err(|error| self.unfit(form, error))
    }

    fn bound_value(&self, value: B256) -> Result<Sql, DatabaseError> {
        let form = self.mapping.value;
        form.to_sql(value).map_err(|error| self.unfit(form, error))
    }

    const fn unfit(&self, form: Form, error: WordError) -> DatabaseError {
        DatabaseError::Unfit { key: self.key, form, error }
    }
}
