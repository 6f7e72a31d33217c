// Unmodified readers of Parquet (hyparquet) and of Arrow (flechette) against a page of a search as JSON.
// node columns.mjs PAGE.json PAGE.parquet PAGE.arrow: compares all three, and prints the first row.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { tableFromIPC } from "@uwdata/flechette";
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from "hyparquet";

const [json, parquet, arrow] = process.argv.slice(2);
const evidence = ["dataBlockRoot", "chain", "txHash", "blockNumber", "blockHash"];

function plain(value) {
  if (typeof value === "bigint") return Number(value);
  return value instanceof Date ? value.getTime() : value;
}

const row = (cells) => Object.fromEntries(Object.entries(cells).filter(([, cell]) => cell != null).map(([name, cell]) => [name, plain(cell)]));

const page = JSON.parse(readFileSync(json, "utf8")).operations;
// By which right it was read is no part of an operation.
const expected = page.map(({ at, right, ...found }) => ({ ...at, ...found, ...JSON.parse(found.operation) }));

const file = await asyncBufferFromFile(parquet);
const metadata = await parquetMetadataAsync(file);
const said = Object.fromEntries(metadata.key_value_metadata.map(({ key, value }) => [key, value]));
assert.equal(said["chancery:schema"], "operations-1");
const fromParquet = (await parquetReadObjects({ file, metadata })).map(row);

const table = tableFromIPC(readFileSync(arrow));
assert.equal(table.schema.metadata.get("chancery:schema"), "operations-1");
const fromArrow = table.toArray().map((cells) => row({ ...cells, content: JSON.parse(cells.content) }));

assert.deepEqual(fromArrow, fromParquet);
for (const [index, { ...found }] of fromParquet.entries()) {
  for (const name of evidence) {
    assert.notEqual(found[name], undefined, `row ${index} has no ${name}`);
    delete found[name];
  }
  assert.deepEqual(found, expected[index]);
}
assert.equal(fromParquet.length, expected.length);
console.log(JSON.stringify(fromParquet[0]));
