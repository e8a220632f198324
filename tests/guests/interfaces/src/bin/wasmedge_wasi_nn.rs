//! Through `wasmedge-wasi-nn` 0.8.0; the model may be one that has a name, which is then asked for with a configuration.

interfaces::wasi_nn!(wasmedge_wasi_nn, |builder, arguments| match arguments.model.strip_prefix("@") {
    Some(name) => builder.config("{}".to_owned()).build_from_cache(name),
    None => builder.build_from_bytes([arguments.model()]),
});
