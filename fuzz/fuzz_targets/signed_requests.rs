#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| chancery_decoders::signed_requests::check(data));
