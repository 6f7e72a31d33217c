"""web3.py against the chain: connect, transfer, deploy, storage, logs, fee history, a compiled contract with events and errors."""

import json
import os
import pathlib

from eth_account import Account
from web3 import Web3
from web3.exceptions import ContractCustomError, ContractLogicError

Account.enable_unaudited_hdwallet_features()
PHRASE = "test test test test test test test test test test test junk"
WRITER = "0x6010600c60003960106000f3" "60203560003555" "60003560006000a100"

w3 = Web3(Web3.HTTPProvider(os.environ["CHAIN_RPC_URL"]))
account = Account.from_mnemonic(PHRASE, account_path="m/44'/60'/0'/0/14")


def send(**fields):
    transaction = {
        "chainId": w3.eth.chain_id,
        "nonce": w3.eth.get_transaction_count(account.address, "pending"),
        "maxFeePerGas": 0,
        "maxPriorityFeePerGas": 0,
        "value": 0,
        **fields,
    }
    transaction["gas"] = w3.eth.estimate_gas({"from": account.address, **fields})
    signed = account.sign_transaction(transaction)
    return w3.eth.wait_for_transaction_receipt(w3.eth.send_raw_transaction(signed.raw_transaction), poll_latency=0.05)


assert w3.is_connected()
assert w3.eth.gas_price == 0
assert send(to=account.address, value=1)["status"] == 1
contract = send(data=WRITER)["contractAddress"]
written = send(to=contract, data=(3).to_bytes(32, "big") + (8).to_bytes(32, "big"))
assert int.from_bytes(w3.eth.get_storage_at(contract, 3), "big") == 8
assert len(w3.eth.get_logs({"address": contract, "fromBlock": written["blockNumber"]})) == 1

artifacts = pathlib.Path(__file__).parents[2] / "crates/contracts/artifacts"
compiled = json.loads((artifacts / "EthereumDIDRegistry.json").read_text())
blank = w3.eth.contract(abi=compiled["abi"], bytecode=compiled["bytecode"])
registry = w3.eth.contract(address=send(data=blank.constructor().data_in_transaction)["contractAddress"], abi=compiled["abi"])
change = registry.functions.setAttribute(account.address, b"a" * 32, b"\x12\x34", 600)
changed = send(to=registry.address, data=change.build_transaction({"gas": 0, "maxFeePerGas": 0, "maxPriorityFeePerGas": 0})["data"])
assert registry.functions.changed(account.address).call() == changed["blockNumber"]
(event,) = registry.events.DIDAttributeChanged().process_receipt(changed)
assert event["args"]["value"] == b"\x12\x34"
stranger = "0x000000000000000000000000000000000000bbbb"
try:
    registry.functions.changeOwner(account.address, account.address).call({"from": Web3.to_checksum_address(stranger)})
    raise SystemExit("a stranger changed an owner")
except (ContractCustomError, ContractLogicError) as error:
    assert error.data and error.data.startswith("0x"), error

block = w3.eth.get_block("finalized", full_transactions=True)
assert block["number"] >= written["blockNumber"]
assert w3.eth.fee_history(2, "latest", [50])["baseFeePerGas"][0] == 0
print("web3.py: all checks passed")
