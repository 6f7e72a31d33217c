//! What is submitted: measured weather from a public data set, and readings of a given size for load.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::process::project_root;

/// The format of these readings.
pub const FORMAT: &str = "reading/weather";

/// The body that configures it.
#[must_use]
pub fn format() -> Value {
    let number = json!({"type": "number"});
    json!({
        "version": 1, "chain": "main", "title": {"en": "Weather reading", "zh": "气象读数"}, "source": "NOAA daily summary", "sealed": false,
        "schema": {
            "type": "object", "required": ["station", "temp_max"], "additionalProperties": false,
            "properties": {
                "station": {"type": "string"}, "date": {"type": "string"}, "weather": {"type": "string"}, "raw": {"type": "string"},
                "precipitation": number, "temp_max": number, "temp_min": number, "wind": number,
            },
            "x-metadata": {"access": ["public", "internal"], "maxRetentionDays": 3650},
        },
    })
}

/// Seattle's weather, day by day from 2012 to 2015 (vega-datasets, from NOAA): 1,461 contents.
///
/// # Errors
/// When the package is not installed (`cargo xtask test` does it, or `npm ci` in `testing/datasets`).
pub fn seattle_weather() -> Result<Vec<Value>> {
    let path = project_root().join("testing/datasets/node_modules/vega-datasets/data/seattle-weather.csv");
    let text = std::fs::read_to_string(&path).context("vega-datasets is not installed: npm ci in testing/datasets")?;
    text.lines()
        .skip(1)
        .map(|line| {
            let [date, precipitation, temp_max, temp_min, wind, weather] =
                line.split(',').collect::<Vec<_>>().try_into().ok().context("not six columns")?;
            let number = |text: &str| text.parse::<f64>().context("no number");
            Ok(json!({
                "station": "USW00024233", "date": date, "weather": weather, "precipitation": number(precipitation)?,
                "temp_max": number(temp_max)?, "temp_min": number(temp_min)?, "wind": number(wind)?,
            }))
        })
        .collect()
}

/// New York's weather, day by day (vega-datasets, from NOAA): date and greatest temperature.
///
/// # Errors
/// When the package is not installed (`cargo xtask test` does it, or `npm ci` in `testing/datasets`).
pub fn new_york_weather() -> Result<Vec<(String, f64)>> {
    let path = project_root().join("testing/datasets/node_modules/vega-datasets/data/weather.csv");
    let text = std::fs::read_to_string(&path).context("vega-datasets is not installed: npm ci in testing/datasets")?;
    let head: Vec<&str> = text.lines().next().unwrap_or_default().split(',').collect();
    let column = |name: &str| head.iter().position(|known| *known == name).with_context(|| format!("no column {name}"));
    let (location, date, temp_max) = (column("location")?, column("date")?, column("temp_max")?);
    let rows = text.lines().skip(1).map(|line| line.split(',').collect::<Vec<_>>());
    rows.filter(|row| row.get(location) == Some(&"New York"))
        .map(|row| {
            let cell = |at: usize| row.get(at).copied().context("a row that is too short");
            Ok((cell(date)?.to_owned(), cell(temp_max)?.parse().context("no number")?))
        })
        .collect()
}

/// An operation whose content has exactly so many bytes.
#[must_use]
pub fn synthetic(number: usize, content_bytes: usize, time_ms: u64) -> String {
    let start = format!(r#"{{"station":"SYN-{number:09}","temp_max":{}.5,"raw":""#, number % 40);
    let fill = content_bytes.saturating_sub(start.len() + 2);
    format!(r#"{{"time":{time_ms},"content":{start}{:x>fill$}"}}}}"#, "")
}
