//! Plans for data formats: the main chain records the hash of every version's schema, and the schema itself in the event.

use chancery_contracts::{DataFormatRegistry, predeploys};
use chancery_reference_points::{DoorResult, data_format::DataFormat};

use super::{organizations::invalid, plan::Plan, registry::ask_contract};
use crate::{Processing, processing::name_of};

/// Longest canonical schema, in bytes; also the contract's.
const MAX_SCHEMA_BYTES: usize = 65_536;

impl Processing {
    pub(super) async fn plan_format(&self, format: &DataFormat) -> DoorResult<Plan> {
        let id = format.id.to_bytes32()?;
        self.chain(&format.chain)?;
        let (schema, hash) = format.canonical_schema()?;
        if hash != format.schema_hash {
            return Err(invalid(format!("schemaHash is {}, but the schema's hash is {hash}", format.schema_hash)));
        }
        if schema.len() > MAX_SCHEMA_BYTES {
            return Err(invalid(format!(
                "the schema has {} bytes, at most {MAX_SCHEMA_BYTES} are recorded",
                schema.len()
            )));
        }
        let main = self.main()?;
        let latest =
            ask_contract(main, predeploys::DATA_FORMAT_REGISTRY, DataFormatRegistry::latestCall { format: id }).await?;
        let name = name_of(main);
        let mut plan = Plan::default();
        if latest.version == format.version && latest.schemaHash == hash {
            plan.remark(&name, format!("format {} version {} is recorded already", format.id.0, format.version));
            return Ok(plan);
        }
        let next = latest.version.saturating_add(1);
        if format.version != next {
            return Err(invalid(format!("the next version of {} is {next}, not {}", format.id.0, format.version)));
        }
        let call = DataFormatRegistry::configureCall {
            format: id,
            version: format.version,
            schemaHash: hash,
            uri: String::new(),
            schema: schema.into_bytes().into(),
        };
        let effect = format!("format {} version {next} is recorded with schema {hash}", format.id.0);
        plan.step(&name, predeploys::DATA_FORMAT_REGISTRY, &call, effect);
        Ok(plan)
    }
}
